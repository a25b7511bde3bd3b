/** Requests that were made for the `openai` package's other resources are taken, and answers can be given to code for it. */
import type Portkey from 'portkey-native'
import type OpenAI from 'openai'
import type { ContentRetrieveParams } from 'openai/resources/containers/files/content'
import type { FileCreateParams as ContainerFileCreateParams } from 'openai/resources/containers/files/files'
import type { ItemCreateParams, ItemListParams, ItemRetrieveParams } from 'openai/resources/conversations/items'
import type { RunCreateParams as EvalRunCreateParams, RunRetrieveParams as EvalRunRetrieveParams } from 'openai/resources/evals/runs/runs'
import type { OutputItemListParams, OutputItemRetrieveParams } from 'openai/resources/evals/runs/output-items'
import type { GraderRunParams, GraderValidateParams } from 'openai/resources/fine-tuning/alpha/graders'
import type { JobCreateParams, JobListParams } from 'openai/resources/fine-tuning/jobs/jobs'
import type { PermissionCreateParams, PermissionDeleteParams } from 'openai/resources/fine-tuning/checkpoints/permissions'
import type { FileBatchCreateParams, FileBatchListFilesParams } from 'openai/resources/vector-stores/file-batches'
import type { FileCreateParams as StoreFileCreateParams, FileUpdateParams } from 'openai/resources/vector-stores/files'
import type { PartCreateParams } from 'openai/resources/uploads/parts'
import type { ClientSecretCreateParams } from 'openai/resources/realtime/client-secrets'
import type { CallAcceptParams, CallReferParams, CallRejectParams } from 'openai/resources/realtime/calls'
import type { SessionCreateParams } from 'openai/resources/beta/chatkit/sessions'
import type { ThreadListParams } from 'openai/resources/beta/chatkit/threads'

declare const ours: Portkey
/** One value of a type. */
declare function a<Type>(): Type
/** A request with files, but for `toStreamingFile`, which only the `openai` package reads. */
type Filed<Params, Name extends string, Value = File> = Params extends unknown ? Omit<Params, Name> & Record<Name, Value> : never

// Requests.
ours.files.create(a<Filed<OpenAI.FileCreateParams, 'file'>>())
ours.files.list(a<OpenAI.FileListParams>())
ours.uploads.create(a<OpenAI.UploadCreateParams>())
ours.uploads.complete('u', a<OpenAI.UploadCompleteParams>())
ours.uploads.parts.create('u', a<Filed<PartCreateParams, 'data'>>())
ours.batches.create(a<OpenAI.BatchCreateParams>())
ours.batches.list(a<OpenAI.BatchListParams>())
ours.images.generate(a<OpenAI.ImageGenerateParams>())
ours.images.generate(a<OpenAI.ImageGenerateParamsStreaming>())
ours.images.edit(a<Filed<OpenAI.ImageEditParams, 'image' | 'mask'>>())
ours.images.createVariation(a<Filed<OpenAI.ImageCreateVariationParams, 'image'>>())
ours.audio.speech.create(a<OpenAI.Audio.SpeechCreateParams>())
ours.audio.transcriptions.create(a<Filed<OpenAI.Audio.TranscriptionCreateParamsNonStreaming, 'file'>>())
ours.audio.transcriptions.create(a<Filed<OpenAI.Audio.TranscriptionCreateParamsStreaming, 'file'> & { stream: true }>())
ours.audio.translations.create(a<Filed<OpenAI.Audio.TranslationCreateParams, 'file'>>())
ours.fineTuning.jobs.create(a<JobCreateParams>())
ours.fineTuning.jobs.list(a<JobListParams>())
ours.fineTuning.checkpoints.permissions.create('c', a<PermissionCreateParams>())
ours.fineTuning.checkpoints.permissions.delete('p', a<PermissionDeleteParams>())
ours.fineTuning.alpha.grader.run(a<GraderRunParams>())
ours.fineTuning.alpha.graders.validate(a<GraderValidateParams>())
ours.vectorStores.create(a<OpenAI.VectorStoreCreateParams>())
ours.vectorStores.update('v', a<OpenAI.VectorStoreUpdateParams>())
ours.vectorStores.list(a<OpenAI.VectorStoreListParams>())
ours.vectorStores.search('v', a<OpenAI.VectorStoreSearchParams>())
ours.vectorStores.files.create('v', a<StoreFileCreateParams>())
ours.vectorStores.files.update('f', a<FileUpdateParams>())
ours.vectorStores.fileBatches.create('v', a<FileBatchCreateParams>())
ours.vectorStores.fileBatches.listFiles('b', a<FileBatchListFilesParams>())
ours.evals.create(a<OpenAI.EvalCreateParams>())
ours.evals.update('e', a<OpenAI.EvalUpdateParams>())
ours.evals.list(a<OpenAI.EvalListParams>())
ours.evals.runs.create('e', a<EvalRunCreateParams>())
ours.evals.runs.retrieve('r', a<EvalRunRetrieveParams>())
ours.evals.runs.outputItems.list('r', a<OutputItemListParams>())
ours.evals.runs.outputItems.retrieve('o', a<OutputItemRetrieveParams>())
ours.containers.create(a<OpenAI.ContainerCreateParams>())
ours.containers.list(a<OpenAI.ContainerListParams>())
ours.containers.files.create('c', a<Filed<ContainerFileCreateParams, 'file'>>())
ours.containers.files.content.retrieve('f', a<ContentRetrieveParams>())
ours.conversations.create(a<OpenAI.Conversations.ConversationCreateParams>())
ours.conversations.update('c', a<OpenAI.Conversations.ConversationUpdateParams>())
ours.conversations.items.create('c', a<ItemCreateParams>())
ours.conversations.items.retrieve('i', a<ItemRetrieveParams>())
ours.conversations.items.list('c', a<ItemListParams>())
ours.videos.create(a<Filed<OpenAI.VideoCreateParams, 'input_reference'>>())
ours.videos.list(a<OpenAI.VideoListParams>())
ours.videos.downloadContent('v', a<OpenAI.VideoDownloadContentParams>())
ours.videos.remix('v', a<OpenAI.VideoRemixParams>())
ours.realtime.clientSecrets.create(a<ClientSecretCreateParams>())
ours.realtime.calls.accept('c', a<CallAcceptParams>())
ours.realtime.calls.refer('c', a<CallReferParams>())
ours.realtime.calls.reject('c', a<CallRejectParams>())
ours.responses.inputItems.list('r', { include: ['message.input_image.image_url'], order: 'asc' })
ours.beta.assistants.create(a<OpenAI.Beta.AssistantCreateParams>())
ours.beta.assistants.update('a', a<OpenAI.Beta.AssistantUpdateParams>())
ours.beta.assistants.list(a<OpenAI.Beta.AssistantListParams>())
ours.beta.threads.create(a<OpenAI.Beta.ThreadCreateParams>())
ours.beta.threads.createAndRun(a<OpenAI.Beta.ThreadCreateAndRunParams>())
ours.beta.threads.messages.create('t', a<OpenAI.Beta.Threads.MessageCreateParams>())
ours.beta.threads.messages.update('m', a<OpenAI.Beta.Threads.MessageUpdateParams>())
ours.beta.threads.runs.create('t', a<OpenAI.Beta.Threads.RunCreateParams>())
ours.beta.threads.runs.submitToolOutputs('r', a<OpenAI.Beta.Threads.RunSubmitToolOutputsParams>())
ours.beta.chatkit.sessions.create(a<SessionCreateParams>())
ours.beta.chatkit.threads.list(a<ThreadListParams>())

// Answers.
async function answers() {
  const file: OpenAI.FileObject = await ours.files.retrieve('f')
  const upload: OpenAI.Upload = await ours.uploads.cancel('u')
  const batch: OpenAI.Batch = await ours.batches.retrieve('b')
  const images: OpenAI.ImagesResponse = await ours.images.generate({ prompt: 'p' })
  const speech: globalThis.Response = await ours.audio.speech.create({ input: 'i', voice: 'alloy' })
  const store: OpenAI.VectorStore = await ours.vectorStores.retrieve('v')
  const video: OpenAI.Video = await ours.videos.retrieve('v')
  const conversation: OpenAI.Conversations.Conversation = await ours.conversations.retrieve('c')
  const assistant: OpenAI.Beta.Assistant = await ours.beta.assistants.retrieve('a')
  const thread: OpenAI.Beta.Thread = await ours.beta.threads.retrieve('t')
  const message: OpenAI.Beta.Threads.Message = await ours.beta.threads.messages.retrieve('m', { thread_id: 't' })
  const run: OpenAI.Beta.Threads.Run = await ours.beta.threads.runs.poll('r', { thread_id: 't' })
  for await (const item of ours.responses.inputItems.list('r')) void (item.type satisfies string)
  for await (const each of ours.files.list({ purpose: 'batch' })) void (each satisfies OpenAI.FileObject)
  for await (const { type } of await ours.audio.speech.create({ input: 'i', voice: 'alloy', stream_format: 'sse' })) void type
  for await (const event of ours.beta.threads.runs.stream('t', { assistant_id: 'a' })) void (event satisfies OpenAI.Beta.AssistantStreamEvent)
  for await (const event of await ours.beta.threads.runs.create('t', { assistant_id: 'a', stream: true })) void (event satisfies OpenAI.Beta.AssistantStreamEvent)
  return [file, upload, batch, images, speech, store, video, conversation, assistant, thread, message, run]
}
void answers

// What is wrong is refused.
// @ts-expect-error: the thread is missing
ours.beta.threads.runs.retrieve('r', {})
// @ts-expect-error: a file is needed
ours.files.create({ purpose: 'batch' })
// @ts-expect-error: there is no such time
ours.batches.create({ completion_window: '1h', endpoint: '/v1/embeddings', input_file_id: 'f' })
