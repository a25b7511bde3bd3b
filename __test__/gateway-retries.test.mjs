// The gateway's recorded cases of retries, timeouts, streams and answers.

import { holdCases } from './support/gateway-run.mjs'

const OWN_WORDS = "an error has the host's own body"

holdCases('retries', {
  refused: {
    // The documentation allows five; what it does not allow is an error, not silence.
    'RT-20': /^config\.retry\.attempts: expected /,
  },
  mended: {
    'RT-04': { expect: { body: { error: { message: 'e503' } } }, why: OWN_WORDS },
  },
})

holdCases('timeouts', {
  mended: {
    'TO-06': { expect: { elapsed_ms: { min: 150, max: 1700 } }, why: 'the wait before the second attempt is drawn below a second' },
  },
})

holdCases('streams', {
  mended: {
    'SS-01': { why: 'a reader has the data of its events, and nothing of what is beside it' },
    'SS-06': { expect: { body: { error: { message: 'e429' } } }, why: OWN_WORDS },
  },
})

holdCases('answers', {
  leftOut: {
    'ST-01': "an answer is the host's own object, whatever strictOpenAiCompliance says",
  },
})
