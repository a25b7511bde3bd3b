// Vectors for three sentences, and how near they are to the first one. The local model's vectors are real, but small talk is what it was
// made for: point PORTKEY_CUSTOM_HOST to an embedding model for neighbours that mean something.
//
//   node examples/embeddings.mjs
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const target = await openTarget({ embeddings: true })
const portkey = new Portkey({ customHost: target.customHost, Authorization: target.authorization })

const input = ['The cat sleeps on the sofa.', 'A kitten naps on the couch.', 'Interest rates rose again in March.']
const { data } = await portkey.embeddings.create({
  model: await chooseModel(portkey, { fits: (id) => /embed|\bbge\b|\be5\b/i.test(id) }),
  input,
})

for (const [index, { embedding }] of data.entries()) {
  console.log(`${cosine(data[0].embedding, embedding).toFixed(3)}  ${embedding.length} numbers  ${input[index]}`)
}

function cosine(left, right) {
  const dot = (one, other) => one.reduce((sum, value, index) => sum + value * other[index], 0)
  return dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right))
}
