'use strict'
// Methods that are another method under a second name, or with something added.

const { APIError } = require('../errors.js')

let warned = false

/** A batch's results as text, a line of JSON for each request. A gateway has an endpoint for it; a provider has the file. */
async function batchOutput(client, row, id, params, opts) {
  if (client.baseURL) return row(id, params, opts)
  const batch = await client.batches.retrieve(id, params, opts)
  if (!batch.output_file_id) throw new APIError(`The batch has no output: its status is ${batch.status}.`, { status: 404, code: 'no_batch_output' })
  const file = await client.files.content(batch.output_file_id, params, opts)
  return file.text()
}

/** The old way to saved prompts. */
function generate(row, body, params, opts) {
  if (!warned) process.emitWarning('generations.create() is deprecated: use prompts.completions.create()', 'DeprecationWarning')
  warned = true
  const { promptID, variables } = body ?? {}
  return row({ promptID, variables }, params, opts)
}

module.exports = {
  'batches.output': (client, row) => (id, params, opts) => batchOutput(client, row, id, params, opts),
  'fineTuning.alpha.graders.run': (client) => (body, params, opts) => client.fineTuning.alpha.grader.run(body, params, opts),
  'fineTuning.alpha.graders.validate': (client) => (body, params, opts) => client.fineTuning.alpha.grader.validate(body, params, opts),
  'generations.create': (client, row) => (body, params, opts) => generate(row, body, params, opts),
}
