// The gateway's recorded cases of the cache.

import { holdCases } from './support/gateway-run.mjs'

holdCases('cache', {
  mended: {
    'CA-10': { why: 'only because this stream has no finish reason; whole ones are stored' },
  },
})
