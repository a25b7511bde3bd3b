// The gateway's recorded cases of guardrails.

import { holdCases } from './support/gateway-run.mjs'

holdCases('hooks', {
  mended: {
    'HK-10': { refusable: /default\.nope/, why: 'it may be refused at construction as well' },
  },
})
