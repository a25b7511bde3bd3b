// One call, several providers: what you write and what you read is OpenAI's shape, whatever the host speaks. The local model
// is asked in two dialects here, and each cloud that you have a key for in its own.
//
//   node examples/providers.mjs
//   ANTHROPIC_API_KEY=… GEMINI_API_KEY=… AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_REGION=… node examples/providers.mjs
import Portkey from '../index.mjs'
import { chooseModel, openTarget } from './target.mjs'

const own = await openTarget()
const model = await chooseModel(new Portkey({ customHost: own.customHost, Authorization: own.authorization }))
const { ANTHROPIC_API_KEY, GEMINI_API_KEY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env

const targets = [
  { name: "own model, OpenAI's dialect", provider: 'openai', customHost: own.customHost, Authorization: own.authorization, model },
  // llama.cpp, vLLM, Ollama and others speak Anthropic's Messages as well.
  { name: "own model, Anthropic's dialect", provider: 'anthropic', customHost: own.customHost, Authorization: own.authorization, model },
  ANTHROPIC_API_KEY && { name: 'Anthropic', provider: 'anthropic', Authorization: ANTHROPIC_API_KEY, model: 'claude-haiku-4-5' },
  GEMINI_API_KEY && { name: 'Google', provider: 'google', Authorization: GEMINI_API_KEY, model: 'gemini-2.5-flash' },
  AWS_SECRET_ACCESS_KEY && {
    name: 'Bedrock', provider: 'bedrock', awsRegion: AWS_REGION ?? 'us-east-1', awsAccessKeyId: AWS_ACCESS_KEY_ID,
    awsSecretAccessKey: AWS_SECRET_ACCESS_KEY, awsSessionToken: AWS_SESSION_TOKEN, model: 'us.amazon.nova-lite-v1:0',
  },
].filter(Boolean)

for (const { name, model, ...options } of targets) {
  const portkey = new Portkey(options)
  try {
    const answer = await portkey.chat.completions.create({
      model,
      messages: [{ role: 'developer', content: 'Be brief.' }, { role: 'user', content: 'Say hello in five words.' }],
      max_completion_tokens: 64,
      seed: 7,
    })
    console.log(`${name}: ${answer.choices[0].message.content.trim()}`)
    // Where the request on the wire was not what was written above.
    for (const change of answer.getGateway().changes) console.log(`  ${change}`)
  } catch (error) {
    console.log(`${name}: ${error.message}`)
  }
}
