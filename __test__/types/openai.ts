/** Values and parameters can be exchanged with the `openai` package's types, both ways. */
import type Portkey from 'portkey-native'
import type {
  APIPromise, Answer, ChatCompletion, ChatCompletionChunk, ChatCompletionContentPart, ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming, ChatCompletionCreateParamsStreaming, ChatCompletionMessage, ChatCompletionMessageParam,
  ChatCompletionMessageToolCall, ChatCompletionTool, ChatCompletionToolChoiceOption, Completion, CompletionCreateParams,
  CompletionUsage, CreateEmbeddingResponse, Embedding, EmbeddingCreateParams, Model, Moderation, ModerationCreateParams,
  ModerationCreateResponse, Response, ResponseCreateParams, ResponseCreateParamsStreaming, ResponseInputItem, ResponseOutputItem,
  ResponseStreamEvent, ResponseTool, ResponseUsage, Stream,
} from 'portkey-native'
import type {
  AssistantStreamEvent, AssistantStreamEvents, ChatKitItem, ContainerCreateParams, TranscriptionCreateResponse, TranscriptionDoneEvent, WebhookEvent, ConversationItem, ConversationMessage, Eval, EvalCreateParams, EvalOutputItem, EvalRun, EvalRunSource, ResponseItem, ResponseOutputMessage, ResponseReasoningItem, RunStep, RunStepDelta, RunStepToolCall, RunStepToolCallDelta, ThreadMessage,
  ThreadMessageDelta, ThreadText, ThreadTextDelta,
} from 'portkey-native'
import type { ChatKitThreadItemList } from 'openai/resources/beta/chatkit/threads'
import type { AssistantStreamEvents as TheirAssistantEvents } from 'openai/lib/AssistantStream'
import type { ResponseFunctionCallArgumentsDoneEvent, ResponseTextDeltaEvent } from '../../types/responses'
import type OpenAI from 'openai'
import { expectTypeOf } from 'expect-type'

/** Fails to compile unless each of the two takes the other's values, and knows no fewer names. */
declare function exchangeable<Ours extends Theirs, Theirs>(
  ...proof: [Theirs] extends [Ours] ? [Keys<Theirs>] extends [Keys<Ours>] ? [] : [missing: Exclude<Keys<Theirs>, Keys<Ours>>] : [taken: never]
): void
type Keys<Value> = Value extends unknown ? keyof Value : never

/** Fails to compile unless ours takes theirs. */
declare function fits<Ours, Theirs extends Ours>(): [Ours, Theirs]

exchangeable<ChatCompletion, OpenAI.ChatCompletion>()
exchangeable<ChatCompletion['choices'][number], OpenAI.ChatCompletion.Choice>()
exchangeable<ChatCompletionChunk, OpenAI.ChatCompletionChunk>()
exchangeable<ChatCompletionChunk['choices'][number]['delta'], OpenAI.ChatCompletionChunk.Choice.Delta>()
exchangeable<ChatCompletionMessage, OpenAI.ChatCompletionMessage>()
exchangeable<ChatCompletionMessageParam, OpenAI.ChatCompletionMessageParam>()
exchangeable<ChatCompletionMessageToolCall, OpenAI.ChatCompletionMessageToolCall>()
exchangeable<ChatCompletionContentPart, OpenAI.ChatCompletionContentPart>()
exchangeable<ChatCompletionTool, OpenAI.ChatCompletionTool>()
exchangeable<ChatCompletionToolChoiceOption, OpenAI.ChatCompletionToolChoiceOption>()
exchangeable<ChatCompletionCreateParams, OpenAI.ChatCompletionCreateParams>()
exchangeable<ChatCompletionCreateParamsNonStreaming, OpenAI.ChatCompletionCreateParamsNonStreaming>()
exchangeable<ChatCompletionCreateParamsStreaming, OpenAI.ChatCompletionCreateParamsStreaming>()
exchangeable<Completion, OpenAI.Completion>()
exchangeable<CompletionUsage, OpenAI.CompletionUsage>()
exchangeable<NonNullable<CompletionUsage['prompt_tokens_details']>, OpenAI.CompletionUsage.PromptTokensDetails>()
exchangeable<NonNullable<CompletionUsage['completion_tokens_details']>, OpenAI.CompletionUsage.CompletionTokensDetails>()
exchangeable<CompletionCreateParams, OpenAI.CompletionCreateParams>()
exchangeable<CreateEmbeddingResponse, OpenAI.CreateEmbeddingResponse>()
exchangeable<Embedding, OpenAI.Embedding>()
exchangeable<EmbeddingCreateParams, OpenAI.EmbeddingCreateParams>()
exchangeable<Model, OpenAI.Model>()
exchangeable<Moderation, OpenAI.Moderation>()
exchangeable<Moderation['categories'], OpenAI.Moderation.Categories>()
exchangeable<ModerationCreateResponse, OpenAI.ModerationCreateResponse>()
exchangeable<ModerationCreateParams, OpenAI.ModerationCreateParams>()

// Responses: items and tools of every kind. Of what is sent we take a little more than they do; what is answered is the same both ways.
// A host has codes of its own, and instructions are among what is sent.
exchangeable<Omit<Response, 'error' | 'instructions'>, Omit<OpenAI.Responses.Response, 'error' | 'instructions'>>()
fits<Response, OpenAI.Responses.Response>()
exchangeable<ResponseOutputItem, OpenAI.Responses.ResponseOutputItem>()
exchangeable<ResponseItem, OpenAI.Responses.ResponseItem>()
exchangeable<ResponseTool, OpenAI.Responses.Tool>()
exchangeable<ConversationItem, OpenAI.Conversations.ConversationItem>()
exchangeable<ConversationMessage, OpenAI.Conversations.Message>()
fits<ResponseInputItem, OpenAI.Responses.ResponseInputItem>()
fits<ResponseStreamEvent, OpenAI.Responses.ResponseStreamEvent>()
fits<ResponseCreateParams, OpenAI.Responses.ResponseCreateParams>()
fits<ResponseCreateParamsStreaming, OpenAI.Responses.ResponseCreateParamsStreaming>()
expectTypeOf<Exclude<Keys<OpenAI.Responses.ResponseInputItem>, Keys<ResponseInputItem>>>().toEqualTypeOf<never>()
expectTypeOf<ResponseInputItem['type']>().toEqualTypeOf<OpenAI.Responses.ResponseInputItem['type']>()
expectTypeOf<ResponseOutputItem['type']>().toEqualTypeOf<OpenAI.Responses.ResponseOutputItem['type']>()
expectTypeOf<ResponseTool['type']>().toEqualTypeOf<OpenAI.Responses.Tool['type']>()
expectTypeOf<Exclude<keyof OpenAI.Responses.ResponseCreateParams, keyof ResponseCreateParams>>().toEqualTypeOf<never>()
fits<ResponseStreamEvent['type'], OpenAI.Responses.ResponseStreamEvent['type']>()
exchangeable<ResponseUsage, OpenAI.Responses.ResponseUsage>()
exchangeable<ResponseOutputMessage, OpenAI.Responses.ResponseOutputMessage>()
exchangeable<ResponseReasoningItem, OpenAI.Responses.ResponseReasoningItem>()
exchangeable<ResponseTextDeltaEvent, OpenAI.Responses.ResponseTextDeltaEvent>()
exchangeable<ResponseFunctionCallArgumentsDoneEvent, OpenAI.Responses.ResponseFunctionCallArgumentsDoneEvent>()

// Evals and their graders.
exchangeable<Eval, OpenAI.EvalCreateResponse>()
fits<EvalCreateParams, OpenAI.EvalCreateParams>()
exchangeable<EvalRun['data_source'] & { type: 'jsonl' }, OpenAI.Evals.CreateEvalJSONLRunDataSource>()
fits<EvalRunSource, OpenAI.Evals.RunCreateParams['data_source']>()
fits<EvalRun, OpenAI.Evals.RunRetrieveResponse>()
expectTypeOf<Exclude<Keys<OpenAI.Evals.RunCreateParams['data_source']>, Keys<EvalRunSource>>>().toEqualTypeOf<never>()
exchangeable<EvalOutputItem, OpenAI.Evals.Runs.OutputItemRetrieveResponse>()

// Media, containers, webhooks and ChatKit.
exchangeable<WebhookEvent, OpenAI.Webhooks.UnwrapWebhookEvent>()
exchangeable<ChatKitItem, ChatKitThreadItemList['data'][number]>()
exchangeable<TranscriptionDoneEvent, OpenAI.Audio.TranscriptionTextDoneEvent>()
fits<TranscriptionCreateResponse['usage'], OpenAI.Audio.Transcription['usage']>()
fits<ContainerCreateParams, OpenAI.ContainerCreateParams>()

// Assistants: messages, steps, events, and the names and values of what a streamed run tells.
exchangeable<ThreadMessage, OpenAI.Beta.Threads.Message>()
exchangeable<ThreadMessageDelta, OpenAI.Beta.Threads.MessageDelta>()
exchangeable<ThreadText, OpenAI.Beta.Threads.Text>()
exchangeable<ThreadTextDelta, OpenAI.Beta.Threads.TextDelta>()
exchangeable<RunStep, OpenAI.Beta.Threads.Runs.RunStep>()
exchangeable<RunStepDelta, OpenAI.Beta.Threads.Runs.RunStepDelta>()
exchangeable<RunStepToolCall, OpenAI.Beta.Threads.Runs.ToolCall>()
exchangeable<RunStepToolCallDelta, OpenAI.Beta.Threads.Runs.ToolCallDelta>()
exchangeable<AssistantStreamEvent, OpenAI.Beta.AssistantStreamEvent>()
expectTypeOf<AssistantStreamEvents>().toExtend<Omit<TheirAssistantEvents, 'error' | 'abort'>>()
expectTypeOf<keyof TheirAssistantEvents>().toEqualTypeOf<keyof AssistantStreamEvents>()

// The proof itself can fail.
// @ts-expect-error: theirs does not fit
exchangeable<Model & { size: number }, OpenAI.Model>()
// @ts-expect-error: ours does not fit
exchangeable<{ id: string }, OpenAI.Model>()
// @ts-expect-error: ours has lost a name
exchangeable<Omit<CompletionUsage, 'prompt_tokens_details'>, OpenAI.CompletionUsage>()

// What was made for the one client can be given to the other, with the same kind of answer.
declare const ours: Portkey
declare const theirs: OpenAI
declare const whole: OpenAI.ChatCompletionCreateParamsNonStreaming
declare const streaming: OpenAI.ChatCompletionCreateParamsStreaming
declare const either: OpenAI.ChatCompletionCreateParams
expectTypeOf(ours.chat.completions.create(whole)).toEqualTypeOf<APIPromise<Answer<ChatCompletion>>>()
expectTypeOf(ours.chat.completions.create(streaming)).toEqualTypeOf<APIPromise<Stream<ChatCompletionChunk>>>()
expectTypeOf(ours.chat.completions.create(either)).toEqualTypeOf<APIPromise<Answer<ChatCompletion> | Stream<ChatCompletionChunk>>>()
ours.completions.create({} as OpenAI.CompletionCreateParamsStreaming)
ours.embeddings.create({} as OpenAI.EmbeddingCreateParams)
ours.moderations.create({} as OpenAI.ModerationCreateParams)
theirs.chat.completions.create({} as ChatCompletionCreateParamsNonStreaming)
theirs.chat.completions.create({} as ChatCompletionCreateParamsStreaming)
theirs.completions.create({} as CompletionCreateParams)
theirs.embeddings.create({} as EmbeddingCreateParams)
theirs.moderations.create({} as ModerationCreateParams)

async function answers() {
  const completion: OpenAI.ChatCompletion = await ours.chat.completions.create(whole)
  const list: { data: OpenAI.Model[] } = await ours.models.list()
  const moderation: OpenAI.ModerationCreateResponse = await ours.moderations.create({ input: 'a' })
  const chunks: AsyncIterable<OpenAI.ChatCompletionChunk> = await ours.chat.completions.create(streaming)
  return [completion, list, moderation, chunks]
}
void answers
