// A whole short life: import a client, construct it, make one call, end. Without arguments it does nothing, which is
// what the others are compared with. run.mjs times the process from outside; what it used comes on standard output.
//
//   node bench/cold.mjs [CLIENT '{"url":…,"gateway":…,"body":{…}}']
import { processorMilliseconds } from './measure.mjs'

const [name, job] = process.argv.slice(2)
if (name) {
  const { create } = await import(`./clients/${name}.mjs`)
  const { body, ...where } = JSON.parse(job)
  const answer = await create(where).chat(body)
  if (!answer.choices[0].message.content) throw new Error('an answer without content')
}
process.stdout.write(JSON.stringify({ cpu: processorMilliseconds() }))
process.exit()
