// The gateway's recorded cases of the circuit breaker.

import { holdCases } from './support/gateway-run.mjs'

holdCases('breaker')
