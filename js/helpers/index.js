'use strict'
// Methods that are made of other methods. Each is `(client, row) => method`, and hangs on the resource tree under its name,
// beside the rows of the endpoint table; `row` is the row of the same name, if there is one. Their types stand in
// tools/derive.mjs. The first call of a method loads its file: a start that uses none of them reads none.

/** Each file's methods. */
const FILES = [
  {
    load: () => require('./assistants.js'),
    names: [
      'beta.threads.createAndRun',
      'beta.threads.createAndRunStream',
      'beta.threads.runs.create',
      'beta.threads.runs.createAndStream',
      'beta.threads.runs.stream',
      'beta.threads.runs.submitToolOutputs',
      'beta.threads.runs.submitToolOutputsStream',
    ],
  },
  {
    load: () => require('./calls.js'),
    names: ['batches.output', 'fineTuning.alpha.graders.run', 'fineTuning.alpha.graders.validate', 'generations.create'],
  },
  { load: () => require('./chat.js'), names: ['chat.completions.parse', 'chat.completions.runTools', 'chat.completions.stream'] },
  {
    load: () => require('./polling.js'),
    names: [
      'beta.threads.createAndRunPoll',
      'beta.threads.runs.createAndPoll',
      'beta.threads.runs.poll',
      'beta.threads.runs.submitToolOutputsAndPoll',
      'files.waitForProcessing',
      'vectorStores.files.createAndPoll',
      'vectorStores.files.poll',
      'vectorStores.files.upload',
      'vectorStores.files.uploadAndPoll',
      'vectorStores.fileBatches.createAndPoll',
      'vectorStores.fileBatches.poll',
      'vectorStores.fileBatches.uploadAndPoll',
    ],
  },
  { load: () => require('./responses.js'), names: ['responses.parse', 'responses.stream'] },
  { load: () => require('./webhooks.js'), names: ['webhooks.unwrap', 'webhooks.unwarp', 'webhooks.verifySignature'] },
]

const later = (load, name) => (client, row) => {
  let method
  return (...given) => (method ??= load()[name](client, row))(...given)
}

for (const { load, names } of FILES) for (const name of names) exports[name] = later(load, name)
