/**
 * The contract of `portkey-native`: every public name, and what a caller can rely on. `index.d.mts` says the same to ES
 * modules. OpenAI's shapes and the tree of methods are in `types/`.
 */
import type {
  ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams, ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
} from './types/chat'
import type { Completion, CompletionCreateParams, CompletionUsage } from './types/completions'
import type { CreateEmbeddingResponse, Embedding, EmbeddingCreateParams } from './types/embeddings'
import type {
  JSONSchemaOptions, JSONSchemaToolOptions, OutputOf, ParseableFormat, ParseableTextFormat, ParseableTool, StandardIssue, StandardSchema,
} from './types/formats'
import type {
  ChatCompletionSnapshot, ChatRun, ChatRunnerEvents, ChatStreamEvents, Listening, ParsedChatCompletion, ParsedChatCompletionMessage,
  ParsedFunction, ParsedFunctionToolCall, RunToolsOptions, RunnableTool,
} from './types/helpers'
import type {
  ChatCompletionAssistantMessageParam, ChatCompletionContentPart, ChatCompletionMessage,
  ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam, ChatCompletionMessageToolCall,
  ChatCompletionSystemMessageParam, ChatCompletionTool, ChatCompletionToolChoiceOption,
  ChatCompletionToolMessageParam, ChatCompletionUserMessageParam,
} from './types/messages'
import type {
  ContentBlock, ContentBlockParam, Message, MessageCreateParams, MessageCreateParamsNonStreaming, MessageCreateParamsStreaming,
  MessageParam, MessageStreamEvent, MessageTool, MessageUsage,
} from './types/messages-api'
import type { Answer, Body } from './types/method'
import type { Model, ModelList } from './types/models'
import type { ParsedResponse, ResponseEvents } from './types/response-helpers'
import type { Moderation, ModerationCreateParams, ModerationCreateResponse } from './types/moderations'
import type { ProviderConfig, ProviderOptions } from './types/providers'
import type { Resources } from './types/resources'
import type { JSONSchema } from './types/shared'
import type {
  Response, ResponseCreateParams, ResponseCreateParamsNonStreaming, ResponseCreateParamsStreaming, ResponseStreamEvent, ResponseUsage,
} from './types/responses'
/* imports */
import type {
  AssistantStreamEvent, AssistantStreamEvents, RunStepDelta, RunStepToolCallDelta, ThreadAnnotationDelta,
  ThreadMessageContentDelta, ThreadMessageDelta, ThreadTextDelta,
} from './types/assistant-stream'
import type {
  AudioResponseFormat, SpeechCreateParams, SpeechDeltaEvent, SpeechDoneEvent, SpeechStreamEvent,
  TranscriptionCreateParams, TranscriptionCreateResponse, TranscriptionDeltaEvent, TranscriptionDoneEvent,
  TranscriptionLogprob, TranscriptionSegment, TranscriptionSpeakerSegment, TranscriptionStreamEvent,
  TranscriptionUsage, TranscriptionWord, TranslationCreateParams, TranslationCreateResponse, VoiceDetection,
} from './types/audio'
import type {
  Batch, BatchCreateParams, BatchError, BatchRequestCounts, BatchUsage,
} from './types/batches'
import type {
  Assistant, AssistantCreateParams, AssistantResponseFormat, AssistantTool, AssistantToolChoice, AssistantUpdateParams,
  ChatKitAttachment, ChatKitItem, ChatKitText, ChatKitThread, ChatKitThreadListParams, ChatSession,
  ChatSessionCreateParams, MetadataParams, Run, RunCreateParams, RunStatus, RunStep, RunStepInclude, RunStepListParams,
  RunStepRetrieveParams, RunStepToolCall, RunSubmitToolOutputsParams, RunToolCall, RunUsage, Thread, ThreadAnnotation,
  ThreadAttachment, ThreadContentPart, ThreadCreateAndRunParams, ThreadCreateParams, ThreadImageFile, ThreadImageURL,
  ThreadMessage, ThreadMessageContent, ThreadMessageCreateParams, ThreadMessageListParams, ThreadText,
  ThreadUpdateParams, ToolResources, ToolResourcesParam, TruncationStrategy,
} from './types/beta'
import type {
  Container, ContainerCreateParams, ContainerFile, ContainerFileCreateParams, ContainerNetworkPolicyParam,
} from './types/containers'
import type {
  Conversation, ConversationCreateParams, ConversationItem, ConversationItemCreateParams, ConversationItemList,
  ConversationItemListParams, ConversationItemRetrieveParams, ConversationMessage, ConversationUpdateParams,
} from './types/conversations'
import type {
  Eval, EvalCompletionsSource, EvalCreateParams, EvalCriterion, EvalCriterionParam, EvalDataSource, EvalDeleted,
  EvalJSONLSource, EvalListParams, EvalMessage, EvalOutputItem, EvalOutputItemListParams, EvalResponsesSource, EvalRun,
  EvalRunCreateParams, EvalRunDeleted, EvalRunListParams, EvalRunSource, EvalUpdateParams,
} from './types/evals'
import type {
  ExpiresAfter, FileCreateParams, FileListParams, FileObject, FilePurpose, WaitForProcessingParams,
} from './types/files'
import type {
  CheckpointPermission, CheckpointPermissionCreateParams, CheckpointPermissionList, CheckpointPermissionListParams,
  FineTuningHyperparameters, FineTuningIntegration, FineTuningJob, FineTuningJobCheckpoint, FineTuningJobCreateParams,
  FineTuningJobEvent, FineTuningJobListParams, FineTuningMethod, Grader, GraderContent, GraderMessage, GraderRunParams,
  GraderRunResponse, GraderValidateParams, GraderValidateResponse, LabelModelGrader, MultiGrader, PythonGrader,
  ScoreModelGrader, StringCheckGrader, TextSimilarityGrader,
} from './types/fine-tuning'
import type {
  Image, ImageCompletedEvent, ImageCreateVariationParams, ImageEditParams, ImageGenerateParams, ImagePartialEvent,
  ImageStreamEvent, ImageUsage, ImagesResponse,
} from './types/images'
import type {
  BinaryResponse, Deleted, FileContent, FileLike, FileOptions, FileStream, ListParams, Page, PagePromise, Uploadable,
} from './types/pages'
import type {
  PollOptions, WebhookEvent, WebhookHeaders,
} from './types/polling'
import type {
  PortkeyAnswer, PortkeyParams,
} from './types/portkey'
import type {
  ClientSecret, ClientSecretCreateParams, RealtimeCallAcceptParams, RealtimeCallReferParams, RealtimeCallRejectParams,
  RealtimeSession, RealtimeSessionCreateParams, TranscriptionSession, TranscriptionSessionCreateParams,
} from './types/realtime'
import type {
  RealtimeAudioFormat, RealtimeAudioInput, RealtimeAudioOutput, RealtimeClientEvent, RealtimeClientEvents,
  RealtimeErrorDetails, RealtimeFunctionTool, RealtimeItem, RealtimeLogprob, RealtimeMcpTool, RealtimePrompt,
  RealtimeResponse, RealtimeResponseParams, RealtimeServerEvent, RealtimeServerEvents, RealtimeSessionConfig,
  RealtimeTool, RealtimeToolChoice, RealtimeTranscriptUsage, RealtimeTranscriptionConfig, RealtimeTurnDetection,
  RealtimeUsage, RealtimeVoice,
} from './types/realtime-events'
import type {
  EasyInputMessage, ResponseAnnotation, ResponseApplyPatchCall, ResponseApplyPatchCallOutput, ResponseCaller,
  ResponseCodeInterpreterCall, ResponseCompaction, ResponseComputerAction, ResponseComputerCall,
  ResponseComputerCallOutput, ResponseCustomToolCall, ResponseCustomToolCallOutput, ResponseFileSearchCall,
  ResponseFunctionCallOutput, ResponseFunctionToolCall, ResponseImageGenerationCall, ResponseInputContent,
  ResponseInputFile, ResponseInputImage, ResponseInputItem, ResponseInputMessage, ResponseInputText, ResponseItem,
  ResponseItemStatus, ResponseKeptContent, ResponseLocalShellCall, ResponseLocalShellCallOutput, ResponseLogprob,
  ResponseMcpApprovalRequest, ResponseMcpApprovalResponse, ResponseMcpCall, ResponseMcpListTools, ResponseOutputItem,
  ResponseOutputMessage, ResponseOutputRefusal, ResponseOutputText, ResponseProgram, ResponseProgramOutput,
  ResponseReasoningItem, ResponseRole, ResponseShellCall, ResponseShellCallOutput, ResponseToolSearchCall,
  ResponseToolSearchOutput, ResponseWebSearchCall,
} from './types/response-items'
import type {
  ContainerSkill, ResponseCodeInterpreterTool, ResponseCustomTool, ResponseEnvironment, ResponseFileSearchTool,
  ResponseFunctionTool, ResponseImageGenerationTool, ResponseMcpTool, ResponseNamespaceTool, ResponseShellTool,
  ResponseTool, ResponseToolChoice, ResponseToolChoiceBuiltIn, ResponseWebSearchPreviewTool, ResponseWebSearchTool,
} from './types/response-tools'
import type {
  ResponseInputItemListParams, ResponseInputTokens, ResponseInputTokensParams, ResponseRetrieveParams,
} from './types/stored-responses'
import type {
  Upload, UploadCompleteParams, UploadCreateParams, UploadPart, UploadPartCreateParams,
} from './types/uploads'
import type {
  ChunkSizes, ChunkingStrategy, ChunkingStrategyParam, ComparisonFilter, CompoundFilter, FileAttributes, FileCounts,
  IdleExpiry, VectorStore, VectorStoreCreateParams, VectorStoreFile, VectorStoreFileBatch,
  VectorStoreFileBatchCreateParams, VectorStoreFileContent, VectorStoreFileCreateParams, VectorStoreFileListParams,
  VectorStoreFileUpdateParams, VectorStoreSearchParams, VectorStoreSearchResult, VectorStoreUpdateParams,
  VectorStoreUploadParams,
} from './types/vector-stores'
import type {
  Video, VideoCreateParams, VideoDownloadParams, VideoRemixParams,
} from './types/videos'
/* end of imports */

/** An optional value. `null` means "not set", and also keeps an environment variable from being read in its place. */
type Option<T> = T | null | undefined

/** Counts of tokens, by the names of the format that was asked for. */
type Usage = CompletionUsage & Omit<MessageUsage, 'output_tokens_details'> & ResponseUsage

/** The options that are kept as readable fields of a client, under the same names. */
type Field =
  | 'apiKey' | 'baseURL' | 'virtualKey' | 'provider' | 'customHost' | 'config' | 'metadata' | 'traceID' | 'forwardHeaders'
  | 'cacheForceRefresh' | 'cacheNamespace' | 'requestTimeout' | 'timeout' | 'maxRetries' | 'strictOpenAiCompliance'
  | 'openaiOrganization' | 'openaiProject' | 'debug' | 'dangerouslyAllowBrowser' | 'calculateAudioDuration'
  | 'anthropicBeta' | 'anthropicVersion' | 'awsAccessKeyId' | 'awsBedrockModel' | 'awsRegion' | 'awsS3Bucket' | 'awsS3ObjectKey'
  | 'awsSecretAccessKey' | 'awsSessionToken' | 'azureApiVersion' | 'azureDeploymentId' | 'azureEndpointName' | 'azureResourceName'
  | 'fireworksAccountId' | 'huggingfaceBaseUrl' | 'mistralFimCompletion' | 'providerFileName' | 'providerModel'
  | 'vertexProjectId' | 'vertexRegion' | 'vertexStorageBucketName' | 'workersAiAccountId'

/**
 * A client. Construction opens no connection; it throws a `ConfigError` that names the option which cannot be acted on.
 * A client never changes: a call's own options are for that call alone.
 */
declare class Portkey {
  constructor(options?: Portkey.PortkeyOptions | Portkey.NamedOptions)
  /** A client with these options in place of its own. `null` unsets one. Both clients share one connection pool. */
  withOptions(options: Portkey.PortkeyOptions | Portkey.NamedOptions): Portkey
  /**
   * `fetch` over the engine, for clients that are not ours: `new OpenAI({ fetch: portkey.fetch })`. The end of the URL's
   * path names the endpoint; the rest of the URL, and the client's own key, are not used.
   */
  readonly fetch: typeof globalThis.fetch
  /** The client's options as the headers that a gateway is told, credentials in clear. Not enumerable, and printed by nothing. */
  readonly customHeaders: Readonly<Record<string, string>>
  /** What tells a gateway of this package. */
  readonly portkeyHeaders: Readonly<Record<string, string>>
  /** The headers, by names in lower case, of whichever answer came last; `withResponse()` of a call has its own. */
  readonly responseHeaders: Readonly<Record<string, string>>
  /** How each target of the client fares now, in the order of its config. */
  targets(): Portkey.TargetState[]
  /** How full each count of the client's limits is, as far as this process has counted. */
  limits(): Portkey.LimitState[]
  /** Called: every provider, with its endpoints and what it needs beside a key. Its methods are Portkey's own endpoints. */
  readonly providers: Resources['providers'] & (() => Portkey.ProviderFacts[])
  /** What the client's cache holds, and how its Redis fares. */
  cacheState(): Portkey.CacheState
  /** What public services list as the prices of their models, with the date and the source of each list. Options come before it. */
  prices(): Portkey.PriceList
  /** Waits, at most `limit` milliseconds (5,000 when left out), until what was recorded has reached its place. */
  flush(limit?: number): Promise<{
    /** All of it has. */
    whole: boolean
    /** How many records were dropped since the client began, because their place could not keep up. */
    dropped: number
  }>
}

interface Portkey extends Resources, Readonly<Pick<Portkey.NamedOptions, Field>> {}

import Self = Portkey

declare namespace Portkey {
  /** The hosted platform's address: give it as `baseURL` to send every call there. */
  export const PORTKEY_GATEWAY_URL: 'https://api.portkey.ai/v1'

  /** The `x-portkey-*` headers that say the same as these options, for another client that talks to a Portkey gateway. */
  export function createHeaders(options: PortkeyOptions | NamedOptions): Record<string, string>

  /** A file to send, of whatever holds its contents. Bytes, strings and blobs become a `File`; a stream stays one, and gets a name. */
  export function toFile(value: string | Blob | ArrayBuffer | ArrayBufferView | PromiseLike<string | Blob | ArrayBuffer | ArrayBufferView>, name?: string | null, options?: FileOptions): Promise<File>
  export function toFile(value: FileContent | PromiseLike<FileContent>, name?: string | null, options?: FileOptions): Promise<FileStream | File>

  /**
   * A `response_format`: the answer has this JSON Schema, or fits this Standard Schema (zod 4, valibot, ArkType, …), which
   * it is checked with. `name` has up to 64 letters, digits, `_` and `-`.
   */
  export function jsonSchemaFormat<Schema extends StandardSchema<any, any> | JSONSchema>(
    name: string, schema: Schema, options?: JSONSchemaOptions,
  ): ParseableFormat<OutputOf<Schema>>

  /** The same as the `text.format` of a response's body. */
  export function jsonSchemaTextFormat<Schema extends StandardSchema<any, any> | JSONSchema>(
    name: string, schema: Schema, options?: JSONSchemaOptions,
  ): ParseableTextFormat<OutputOf<Schema>>

  /** A tool whose arguments have this shape, for `parse`, `stream` and `runTools`. */
  export function jsonSchemaTool<Schema extends StandardSchema<any, any> | JSONSchema, Name extends string>(
    tool: JSONSchemaToolOptions<Schema, Name>,
  ): ParseableTool<OutputOf<Schema>, Name>

  /** Options with a meaning of their own. Durations are in milliseconds, and 0 is "no limit". */
  export interface NamedOptions extends ProviderOptions {
    /** Portkey's key. Read from `PORTKEY_API_KEY` when left out. Needed by the hosted platform; never sent to a host or a provider. */
    apiKey?: Option<string>
    /**
     * A Portkey gateway to send every call to, told of these options in `x-portkey-*` headers. Read from `PORTKEY_BASE_URL`
     * when left out; unset, the process calls the provider itself. `PORTKEY_GATEWAY_URL` is the hosted platform's.
     */
    baseURL?: Option<string>
    /** Keys and provider that the hosted platform holds under this name. */
    virtualKey?: Option<string>
    /** Whose API the host speaks: `openai`, `mistral-ai`, `ollama`, … With a `customHost` alone it is `openai`. `@slug` is one that the hosted platform holds. */
    provider?: Option<string>
    /** Base URL of the model server with its version path, such as `http://localhost:8000/v1`; with or without a last slash. */
    customHost?: Option<string>
    /** The provider's credential, with or without `Bearer `. Named in `forwardHeaders`, it reaches the host as written instead. */
    Authorization?: Option<string>
    /** The same as `Authorization`. */
    authorization?: Option<string>
    /** Names of headers to send to the host as given, in any spelling. A name that has no value anywhere is a `ConfigError`. */
    forwardHeaders?: Option<readonly string[]>
    /** Headers of every call; its own `headers` come before them. They go where those go. */
    defaultHeaders?: Option<Record<string, string | number | boolean | null | undefined>>
    /** How calls are made, as an object or as its JSON; or the id of a config that the hosted platform holds: `pc-…`. */
    config?: Option<Config | string>
    /** Facts to find the call by. Values have at most 128 characters. */
    metadata?: Option<Record<string, string>>
    /** Ties calls together; made up where it is left out. */
    traceID?: Option<string>
    /** The same as `traceID`, and wins over it. */
    traceId?: Option<string>
    spanId?: Option<string>
    spanName?: Option<string>
    parentSpanId?: Option<string>
    /** Longest time of one attempt until the headers of its reply; then it fails with status 408, and is tried again where a config's `retry` lists that. */
    requestTimeout?: Option<number>
    /** Longest time for the whole call: its retries, its waits and its stream included. */
    timeout?: Option<number>
    /** How often a failed attempt is tried again: after 408, 409, 429, 5xx and broken connections. 2 when left out. */
    maxRetries?: Option<number>
    timeouts?: Option<Timeouts>
    /** How many requests each target takes at once; further ones wait in line. Without limit when left out. */
    maxConcurrent?: Option<number>
    /** How many requests may wait for a target; one more fails with status 429 and the code `queue_full`. 1,000 when left out. */
    maxQueue?: Option<number>
    /** Whom to trust, and what to show of oneself, for every target that has none of its own. */
    tls?: Option<Tls>
    /** `http://`, `https://`, `socks5://` or `socks5h://` with `user:password@`; `false` is none. The environment's when left out. */
    proxy?: Option<string | false>
    /** The only hosts that may be reached. A client's alone: neither a call nor a config can bring one. */
    egress?: Option<Egress>
    /** The longest answer that is read whole; 256 MiB when left out. A longer one fails with the code `answer_too_large`. */
    maxAnswerBytes?: Option<number>
    /** What all calls of the client together may spend on retries; `false` is "no limit". */
    retryBudget?: Option<RetryBudget | false>
    /** The host may receive a request twice: a POST whose connection broke after it was written may be sent again. */
    idempotent?: Option<boolean>
    /** Throw a `ConfigError` where a provider would make us drop or change a parameter. */
    strictParams?: Option<boolean>
    /**
     * Repair the chats of servers for local models: tool calls without ids, types or places of their own, arguments as objects, `stop` where
     * tools were called, reasoning under one of its two names. True for `vllm`, `llamacpp`, `ollama`, `lmstudio`, `sglang` and `tgi`, else false.
     */
    repairs?: Option<boolean>
    /**
     * Whether streamed completions ask for their usage (`stream_options.include_usage`). When left out: where a record or a price needs it and
     * the provider is known to tell it only so. The chunk that it brings goes to those alone who asked for it themselves.
     */
    streamUsage?: Option<boolean>
    /** Leave out of answers what OpenAI's own would not have; `false` lets them hold what a provider says beyond it. */
    strictOpenAiCompliance?: Option<boolean>
    openaiOrganization?: Option<string>
    openaiProject?: Option<string>
    /** Do not answer from the cache, but keep the new answer there. Acts where the config has a `cache`. */
    cacheForceRefresh?: Option<boolean>
    /** Share cached answers with every call of the same namespace, whatever its credentials. */
    cacheNamespace?: Option<string>
    /** Where cached answers are kept: in memory, and in a Redis that many processes share. */
    cacheStore?: Option<CacheStore>
    /** `false` keeps the contents of requests and answers out of logs, and out of the cache. */
    debug?: Option<boolean>
    /** Gets a record of each call, once it has ended, whatever became of it. Belongs to a client; no call can bring its own. */
    onRecord?: Option<(record: CallRecord) => void>
    /** Where records are written; `true`: the database `.portkey/calls.sqlite` in the working directory. */
    logs?: Option<Logs | boolean>
    /** Records hold what was asked and answered, all of it or as `redact` leaves it. They never hold a header's value. */
    captureContent?: Option<boolean | CaptureContent>
    /** Spans and metrics for OpenTelemetry, to a receiver or by the app's own tracer; `true`: as the standard's variables say. */
    otel?: Option<Otel | boolean>
    /** The span that the call is part of, in W3C's form; each host is told of it. */
    traceparent?: Option<string>
    /** What goes with `traceparent`. */
    tracestate?: Option<string>
    /** What the targets take, unless their config says it. */
    pricing?: Option<Pricing>
    /** What calls may use in a window: of requests, tokens or dollars. A client's alone, beside those of its config. */
    limits?: Option<readonly Limit[]>
    /** Names of headers whose values never appear in a log. */
    sensitiveHeaders?: Option<readonly string[]>
    /** `true`: make clients even where a page runs, and anyone can read their keys. */
    dangerouslyAllowBrowser?: Option<boolean>
    /** Whether gateways are told how long a recording on disk plays; they are unless this is `false`. */
    calculateAudioDuration?: Option<boolean>
    /** For a gateway, as the others below: with `baseURL` or the hosted platform. */
    awsBedrockModel?: Option<string>
    awsS3Bucket?: Option<string>
    awsS3ObjectKey?: Option<string>
    azureEndpointName?: Option<string>
    fireworksAccountId?: Option<string>
    providerFileName?: Option<string>
    providerModel?: Option<string>
    vertexStorageBucketName?: Option<string>
  }

  /**
   * `NamedOptions`, and values for headers under any spelling that cannot be one of theirs misspelt: `xApiKey`,
   * `CustomHeader`, `'x-api-key'`, `x_api_key`. List the names in `forwardHeaders` to send them to the host.
   */
  export interface PortkeyOptions extends NamedOptions {
    [header: `x${string}` | Capitalize<string> | `${string}-${string}` | `${string}_${string}`]: HeaderValue
  }

  export type HeaderValue = string | number | boolean | null | undefined

  /** A method's options for one call, over the client's. `null` unsets one. Nothing is kept for the next call. */
  export type CallParams = PortkeyOptions | NamedOptions

  /** How one HTTP call is made. */
  export interface CallOptions {
    /** More headers for the request. `null` takes out one that would be sent. */
    headers?: Option<Record<string, string | null | undefined>>
    /** The same as `headers`, and wins over it. */
    extraHeaders?: Option<Record<string, string | null | undefined>>
    /** More query parameters for the URL. A list is sent as `name[]=…` for each value, a nested object as `name[key]=…`. */
    query?: Option<Record<string, unknown>>
    /** Ends the call in any phase with an `APIUserAbortError`, and closes its connection. */
    signal?: Option<AbortSignal>
    /** Longest time for the whole call, in milliseconds; 0 is "no limit". */
    timeout?: Option<number>
    /** How often a failed attempt is tried again. */
    maxRetries?: Option<number>
    /** With `true`, see `StreamCallOptions`. */
    stream?: Option<false>
  }

  /** Call options that ask for the answer as a stream, as `stream: true` in the body does. */
  export interface StreamCallOptions extends Omit<CallOptions, 'stream'> {
    stream: true
  }

  /** Clocks in milliseconds, 0 for off. The one that runs out ends the attempt with an `APIConnectionTimeoutError`. */
  export interface Timeouts {
    /** Until the connection stands, TLS included. */
    connect?: Option<number>
    /** From the written request to the answer's status line and headers. */
    headers?: Option<number>
    /** Until a stream's first content: text, reasoning, a tool call's piece or usage. Pings do not count. */
    firstToken?: Option<number>
    /** Longest silence between two of a stream's contents, or between two pieces of a whole body. */
    idle?: Option<number>
    /** Waiting in line for a target that is busy. */
    queue?: Option<number>
    /** The whole call, as `timeout`. */
    total?: Option<number>
  }

  /** Files are read at construction; equal settings share connections. */
  export interface Tls {
    /** PEM text of authorities that are trusted beside the known ones. */
    ca?: Option<string>
    /** The path of a PEM file of such. */
    caFile?: Option<string>
    /** The client's certificate: PEM text, or the path of a PEM file. */
    cert?: Option<string>
    /** Its key: PEM text, or the path of a PEM file. */
    key?: Option<string>
    /** What unlocks the key, where it is locked (PKCS#8 with PBKDF2 and AES, as openssl makes it). */
    passphrase?: Option<string>
    /** The name to ask the host for, and to expect, in place of the URL's. */
    serverName?: Option<string>
    /** `true`: whoever answers is believed. Warned of once by each client; no option of a single call. */
    insecure?: Option<boolean>
  }

  export interface Egress {
    /** `api.example.com`, `api.example.com:8443`, `*.example.com`, `10.1.0.0/16`, `unix:/run/llm.sock`; `*` is every public host. */
    allow: readonly string[]
  }

  /** A bucket of retries: each call puts in `ratio`, each retry takes out one. */
  export interface RetryBudget {
    /** Above 0, at most 1; 0.2 when left out. */
    ratio?: Option<number>
    /** What it starts with; 10 when left out. */
    reserve?: Option<number>
  }

  export interface CacheStore {
    /** How many bytes of answers the memory holds; 64 MiB when left out. */
    maxBytes?: Option<number>
    /** Of a Redis or Valkey: `redis://user:password@host:6379/0`, `rediss://…`, `unix:///run/redis.sock`. */
    redis?: Option<string>
  }

  /** Names a database, a file, or both. */
  export interface Logs {
    /** The SQLite database that gets records, for `npx portkey-native console`. Several processes may share it on a local disk. */
    database?: Option<string>
    /** The file that gets records as lines of JSON. Its folder is there; only one process writes to it. */
    file?: Option<string>
    /** What a database holds before its oldest records go, 1 GiB when left out; what a file has when a new one is begun, 64 MiB. */
    maxBytes?: Option<number>
    /** Milliseconds after which a record leaves the database; 30 days when left out. */
    maxAge?: Option<number>
    /** How many old files are kept, as `file.1` (the latest), `file.2`, …; 5 when left out. */
    maxFiles?: Option<number>
  }

  /** What was asked and answered, as JSON. */
  export interface CapturedContent {
    /** The body that was given. */
    request?: any
    /** The answer; of a stream `{ text, toolCalls, usage }` as far as it came. */
    answer?: any
  }

  export interface CaptureContent {
    /**
     * Frees content of what nobody is to read, before anything gets it: expressions and texts whose matches become `[REDACTED]`, searched on a
     * thread of their own, or a function that returns what is kept. Where it throws, or returns a promise or nothing, no content is kept.
     */
    redact?: Option<string | RegExp | readonly (string | RegExp)[] | ((content: CapturedContent) => CapturedContent | null | undefined)>
  }

  /** In US dollars for a million tokens. `cached` and `written` are as `input` where they are left out. */
  export interface TokenPrices {
    input: number
    output?: number
    /** Read from the host's cache. */
    cached?: number
    /** Written to it. */
    written?: number
  }

  export interface PriceList {
    unit: string
    providers: Record<string, {
      /** The month that the prices are of: `2026-11`. */
      asOf: string
      source: string
      /**
       * By the model's name without its date. With `upTo`: for calls with at most so much input; `beyond` is for all of those with more, of which
       * nothing is known without it. With `until`: up to that day, in UTC.
       */
      models: Record<string, TokenPrices & { upTo?: number; beyond?: TokenPrices; until?: string }>
    }>
  }

  /** In US dollars. A target without a price, here or in the kept list, has costs of `null`, never 0. */
  export type Pricing = 'free' | {
    /** For a million tokens. */
    input?: number
    output?: number
    /** For a million tokens that the host had cached; as `input` when left out. */
    cached?: number
    /** For a million tokens that the host has written to its cache; as `input` when left out. */
    written?: number
    /** For a million tokens of reasoning; as `output` when left out. */
    reasoning?: number
    /** For each call. */
    request?: number
    /** For each second of the attempt that answered. */
    second?: number
  }

  /** Where spans or metrics go. What is left out here is the same for both, or the standard's default. */
  export interface OtelSignal {
    /** The URL of an OTLP receiver. Of both signals: `/v1/traces` and `/v1/metrics` are joined to it; of one: it is taken as it is. */
    endpoint?: Option<string>
    /** For the receiver; they are taken as secrets. */
    headers?: Option<Record<string, string>>
    /** `'http/protobuf'` when left out. */
    protocol?: Option<'http/protobuf' | 'http/json'>
    /** `'none'` when left out. */
    compression?: Option<'none' | 'gzip'>
    /** The longest time for one export, in milliseconds; 10,000 when left out. */
    timeout?: Option<number>
    /** How long spans or metrics wait for more, in milliseconds; 5,000 and 60,000 when left out. */
    interval?: Option<number>
  }

  /** What OpenTelemetry is told. Where a key is left out, the standard's variable (`OTEL_…`) says it: see docs/tracing.md. */
  export interface Otel extends OtelSignal {
    spans?: Option<boolean | OtelSignal>
    metrics?: Option<boolean | OtelSignal>
    serviceName?: Option<string>
    /** Attributes of what the spans come from, such as `{ 'deployment.environment.name': 'test' }`. */
    resource?: Option<Record<string, string | number | boolean>>
    /** Which calls have spans; `parentbased_always_on` when left out. Metrics count all. */
    sampler?: Option<'always_on' | 'always_off' | 'traceidratio' | 'parentbased_always_on' | 'parentbased_always_off' | 'parentbased_traceidratio'>
    /** The part of calls that `traceidratio` takes, from 0 to 1. */
    ratio?: Option<number>
    /** Whether each export of metrics counts from the one before; from the client's beginning when left out. */
    delta?: Option<boolean>
    /** `false`: hosts are not told of the trace. */
    propagate?: Option<boolean>
    /** The app's own tracer makes the spans, and its exporter sends them: one of its tracers, or whichever it has registered. */
    tracer?: Option<'app' | OtelTracer>
  }

  /** A tracer of `@opentelemetry/api`. */
  export interface OtelTracer {
    startSpan(name: string, options?: object, context?: any): object
  }

  /** What became of one call. Times are milliseconds since it began. */
  export interface CallRecord {
    /** 32 hexadecimal digits. */
    id: string
    traceId: string
    spanId: string
    parentSpanId: string | null
    spanName: string | null
    /** Milliseconds since 1970. */
    began: number
    /** The method: `chat.completions.create`. */
    endpoint: string
    stream: boolean
    /** `aborted`: by a signal, by leaving a stream, or by the end of its environment. */
    outcome: 'ok' | 'error' | 'aborted'
    status: number | null
    /** Of the error. */
    code: string | null
    provider: string
    /** The target that answered or was tried last: its name, and its place in the config. */
    target: string
    path: string
    /** The model that was asked for, and the one that the host says has answered. */
    model: string | null
    answeredBy: string | null
    requestId: string | null
    answerId: string | null
    ms: { firstToken: number | null; total: number }
    /** Output tokens for each second of generating. */
    tokensPerSecond: number | null
    usage: RecordedUsage | null
    /** US dollars; `null` where the price is not known. */
    cost: number | null
    cache: CacheStatus | null
    attempts: AttemptReport[]
    changes: string[]
    /** Ids of the hooks that failed. */
    failedHooks: string[]
    metadata: Record<string, string>
    /** With `captureContent`: the body that was given, and the answer; of a stream its text, tool calls and usage as far as they came. */
    content: { request: unknown; answer: unknown } | null
  }

  export interface RecordedUsage {
    /** Those from the host's cache included. */
    input: number
    /** Those of reasoning included. */
    output: number
    /** Of the input: read from the host's cache, and written to it. */
    cached: number
    written: number
    reasoning: number
    /** The host did not tell: counted from the length of the texts. */
    estimated: boolean
  }

  /** A limit counts one of `requests`, `tokens` and `cost`. */
  export type Limit = LimitRule & (
    | { requests: number; tokens?: undefined; cost?: undefined }
    /** Input and output together. */
    | { tokens: number; requests?: undefined; cost?: undefined }
    /** US dollars. Every target below needs `pricing`. */
    | { cost: number; requests?: undefined; tokens?: undefined }
  )

  export interface LimitRule {
    /** The window: `'1s'`, `'5m'`, `'1h'`, `'1d'`, or milliseconds, from 100 to 31 days. It slides. */
    per: number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`
    /** What is counted together: all that the limit governs (when left out), each target's calls, or calls with the same value of a metadata key. */
    by?: Option<'all' | 'target' | `metadata.${string}`>
    /** A call that finds no room goes to another target (when left out), waits, or ends with a `RateLimitError`, as it does where there is no other. */
    on_limit?: Option<'fallback' | 'wait' | 'throw'>
    onLimit?: Option<'fallback' | 'wait' | 'throw'>
    /** With `wait`: milliseconds, 60,000 when left out. */
    max_wait?: Option<number>
    maxWait?: Option<number>
    /** Output tokens that are reserved for a call which does not limit them itself; 1,000 when left out. */
    reserve?: Option<number>
    /** Shown in errors and reports. Limits of one name that count the same in the same window count together. */
    name?: Option<string>
  }

  /** A count of a limit. */
  export interface LimitState {
    /** Its `name`, or where it is written: `limits[0]`. */
    limit: string
    measure: 'requests' | 'tokens' | 'cost'
    most: number
    /** Milliseconds. */
    per: number
    by: string
    /** Where each target has a count of its own. */
    target: string | null
    /** Where each value of a metadata key has a count of its own; `null` for calls without one. */
    value: string | null
    /** By this process. */
    used: number
    left: number
    /** Calls that wait for room. */
    waiting: number
    /** Milliseconds until something is given back; `null` when nothing is used. */
    next: number | null
  }

  export interface ProviderFacts {
    name: string
    /** Where it is without a `customHost`; `{key}` stands for an option. `null`: a server of your own, or a host made of options. */
    baseURL: string | null
    /** Where a server of this kind usually listens. */
    usualHost: string | null
    /** A custom host as it is to be written, and where a call goes there. */
    example: { customHost: string; call: string; url: string } | null
    /** Methods: `chat.completions.create`, … */
    endpoints: string[]
    /** Its own options. */
    settings: { option: string; key: string; what: string; required: boolean }[]
  }

  export interface CacheState {
    /** Answers in memory, and their bytes. */
    entries: number
    bytes: number
    /** Answers in Redis that could not be read. */
    unreadable: number
    /** `null` without one. A Redis that fails is left alone for some seconds; calls go on without it. */
    redis: {
      state: 'unused' | 'connecting' | 'connected' | 'resting'
      failures: number
      /** Questions that were not asked, since it was being left alone. */
      skipped: number
      lastFailure: string | null
    } | null
  }

  /** How a target fares. Durations are in milliseconds. */
  export interface TargetState {
    /** Its `name`, or its place in the config. */
    target: string
    path: string
    provider: string
    /** The base URL, without query. */
    url: string
    /** `benched` failed lately and is used only where no other is; `open` and `half-open` are its circuit's. */
    health: 'healthy' | 'benched' | 'loading' | 'open' | 'half-open'
    /** Without those that wait for it. */
    inFlight: number
    /** Requests that wait for it. */
    queued: number
    maxConcurrent: number | null
    /** How long it is still passed over. */
    backIn: number | null
    answered: number
    failed: number
    /** Until an answer, or a stream's first content; the recent ones count most. */
    latency: number | null
    lastError: { code: string | null; status: number | null; /** So long since. */ ago: number } | null
  }

  /**
   * A config as written. Every key may be in snake_case or camelCase. Any other key is a header's value, sent under the
   * name that `forward_headers` lists; one that is not listed is a `ConfigError`.
   */
  export interface Config extends ProviderConfig {
    /** Shown as `target` in reports. */
    name?: Option<string>
    /** `@slug` is one that the hosted platform holds. */
    provider?: Option<string>
    /** Keys and provider that the hosted platform holds under this name. */
    virtual_key?: Option<string>
    virtualKey?: Option<string>
    /** The provider's credential. */
    api_key?: Option<string>
    apiKey?: Option<string>
    custom_host?: Option<string>
    customHost?: Option<string>
    forward_headers?: Option<readonly string[]>
    forwardHeaders?: Option<readonly string[]>
    /** Longest time for one attempt, in milliseconds. */
    request_timeout?: Option<number>
    requestTimeout?: Option<number>
    /** Takes the place of `maxRetries`. */
    retry?: Option<ConfigRetry>
    /** How a group chooses among its targets. */
    strategy?: Option<Strategy>
    /** Targets, or groups of targets. What one leaves open is the group's, but for provider, key, name and weight. */
    targets?: Option<readonly Config[]>
    /** Share among the targets of a group that balances load; 1 when left out. */
    weight?: Option<number>
    /** Body parameters where the caller gives none. */
    default_params?: Option<Record<string, unknown>>
    defaultParams?: Option<Record<string, unknown>>
    /** Body parameters to take out: `seed`, `tools[*].function.strict`. */
    drop_params?: Option<readonly string[]>
    dropParams?: Option<readonly string[]>
    /** Body parameters that win over the caller's. */
    override_params?: Option<Record<string, unknown>>
    overrideParams?: Option<Record<string, unknown>>
    /** See the option of the same name. */
    idempotent?: Option<boolean>
    /** See `maxConcurrent`. */
    max_concurrent?: Option<number>
    maxConcurrent?: Option<number>
    max_queue?: Option<number>
    maxQueue?: Option<number>
    tls?: Option<Tls & { ca_file?: Option<string>; server_name?: Option<string> }>
    /** See the option of the same name. */
    proxy?: Option<string | false>
    max_answer_bytes?: Option<number>
    maxAnswerBytes?: Option<number>
    /** When a failing target is left alone. */
    cb_config?: Option<CircuitBreaker>
    cbConfig?: Option<CircuitBreaker>
    /** Asks a benched target whether it is back, by a GET that costs no tokens. */
    health_check?: Option<HealthCheck>
    healthCheck?: Option<HealthCheck>
    /** A name for the config; `is_open` acts below one. */
    id?: Option<string>
    /** The target's circuit is open, as who wrote the config knows. */
    is_open?: Option<boolean>
    isOpen?: Option<boolean>
    /** The call names the provider: by the option `provider`, or a hosted one as `model: '@slug/model'`. */
    passthrough?: Option<boolean>
    /** Facts of every call through the config, under the options' own; at the root. */
    metadata?: Option<Record<string, string>>
    /** Which answers are kept, and for how long. */
    cache?: Option<'simple' | ConfigCache>
    /** Checks of what is sent. */
    input_guardrails?: Option<readonly Guardrail[]>
    inputGuardrails?: Option<readonly Guardrail[]>
    /** Checks of what is answered. */
    output_guardrails?: Option<readonly Guardrail[]>
    outputGuardrails?: Option<readonly Guardrail[]>
    input_mutators?: Option<readonly Guardrail[]>
    inputMutators?: Option<readonly Guardrail[]>
    output_mutators?: Option<readonly Guardrail[]>
    outputMutators?: Option<readonly Guardrail[]>
    before_request_hooks?: Option<readonly Hook[]>
    beforeRequestHooks?: Option<readonly Hook[]>
    after_request_hooks?: Option<readonly Hook[]>
    afterRequestHooks?: Option<readonly Hook[]>
    openai_organization?: Option<string>
    openaiOrganization?: Option<string>
    openai_project?: Option<string>
    openaiProject?: Option<string>
    timeouts?: Option<Timeouts & { /** The same as `firstToken`. */ first_token?: Option<number> }>
    strict_params?: Option<boolean>
    pricing?: Option<Pricing>
    /** What calls to the target, or to those of the group, may use in a window, beside what the client's limits say. */
    limits?: Option<readonly Limit[]>
    strictParams?: Option<boolean>
    repairs?: Option<boolean>
    stream_usage?: Option<boolean>
    streamUsage?: Option<boolean>
    strict_open_ai_compliance?: Option<boolean>
    strictOpenAiCompliance?: Option<boolean>
    // `any`, not `HeaderValue`: an index signature covers the keys above too, and only `any` takes a caller's own interface.
    [header: string]: any
  }

  /** The ways of a group. A failed target of `fallback` leaves no trace in what the caller reads. */
  export type Strategy = (
    | { mode: 'single' }
    | { mode: 'fallback'; on_status_codes?: Option<readonly number[]>; onStatusCodes?: Option<readonly number[]> }
    | { mode: 'loadbalance'; sticky?: Option<Sticky> }
    | { mode: 'least_inflight' | 'leastInflight' | 'round_robin' | 'roundRobin' }
    | ({ mode: 'affinity' } & Affinity)
    | { mode: 'conditional'; conditions: readonly Condition[]; default?: Option<string> }
  ) & {
    cb_config?: Option<CircuitBreaker>
    cbConfig?: Option<CircuitBreaker>
  }

  /** Calls that share these fields stay with one target for a time. */
  export interface Sticky {
    enabled?: Option<boolean>
    /** `metadata.…`, `params.…`, `headers.…`, `prompt` (the conversation's beginning). */
    hash_fields?: Option<readonly string[]>
    hashFields?: Option<readonly string[]>
    /** Seconds; 3,600 when left out. */
    ttl?: Option<number>
  }

  /** Calls that share these fields go to the same target in every process, unless it is far busier than its share. */
  export interface Affinity {
    /** As in `Sticky`. */
    hash_fields?: Option<readonly string[]>
    hashFields?: Option<readonly string[]>
    /** How much of a conversation's beginning counts, in characters; 1,024 when left out. */
    prefix_chars?: Option<number>
    prefixChars?: Option<number>
    /** How far above its share a target may be busy: 0.5, the default, is half as much again. */
    spill?: Option<number>
  }

  /** At least one of the two thresholds is needed. A 429 never opens the circuit. */
  export interface CircuitBreaker {
    /** Opens after so many failures within one `cooldown_interval`. */
    failure_threshold?: Option<number>
    failureThreshold?: Option<number>
    /** Opens when so many of a hundred requests failed. */
    failure_threshold_percentage?: Option<number>
    failureThresholdPercentage?: Option<number>
    /** The percentage is not looked at before; 10 when left out. */
    minimum_requests?: Option<number>
    minimumRequests?: Option<number>
    /** Needed: milliseconds until one request is let through as a probe, at least 30,000. */
    cooldown_interval?: Option<number>
    cooldownInterval?: Option<number>
    /** What counts as a failure; every status above 500, and no answer at all, when left out. */
    failure_status_codes?: Option<readonly number[]>
    failureStatusCodes?: Option<readonly number[]>
    id?: Option<string>
  }

  export interface HealthCheck {
    /** From the host's root where it begins with a slash (`/health`), else below the base URL; `models` when left out. */
    path?: Option<string>
    /** Milliseconds between two questions, at least; 5,000 when left out. */
    interval?: Option<number>
  }

  /** `simple` answers equal calls alike; `semantic` also those whose last question means nearly the same. */
  export interface ConfigCache {
    mode: 'simple' | 'semantic'
    /** Seconds; a week when left out. */
    max_age?: Option<number>
    maxAge?: Option<number>
    /** Semantic: the target that turns texts into vectors. */
    embeddings?: Option<Config>
    /** Semantic: the least cosine of two questions, 0 to 1; 0.95 when left out. */
    threshold?: Option<number>
  }

  /** A hook in short: its own keys, and every other key is a check with its parameters: `{ 'default.wordCount': { maxWords: 100 }, deny: true }`. */
  export interface Guardrail extends HookSettings {
    [check: string]: any
  }

  export interface Hook extends HookSettings {
    type: 'guardrail' | 'mutator'
    checks: readonly { id: string; parameters?: Record<string, unknown>; is_enabled?: boolean }[]
  }

  export interface HookSettings {
    id?: string
    /** A failed check refuses the call with status 446; else it is answered with 246. */
    deny?: boolean
    /** Judged beside the call, whose answer it never changes. */
    async?: boolean
    /** One check after the other, each seeing what the one before made of the text. */
    sequential?: boolean
    on_fail?: { feedback?: Record<string, unknown> }
    onFail?: { feedback?: Record<string, unknown> }
    on_success?: { feedback?: Record<string, unknown> }
    onSuccess?: { feedback?: Record<string, unknown> }
  }

  /** The target called `then` answers where `query` holds: `{ 'metadata.plan': { $eq: 'paid' } }`. */
  export interface Condition {
    /**
     * Keys are `metadata.…`, `params.…` (the caller's body), `url.pathname`, `$and`, `$or`; values are literals or `$eq`,
     * `$ne`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$regex`. All must hold.
     */
    query: Record<string, unknown>
    then: string
  }

  export interface ConfigRetry {
    /** How often to try again, 0 to 5. The waits are drawn below 1, 2, 4, 8 and 16 seconds. */
    attempts: number
    /** Statuses to try again after. */
    on_status_codes?: Option<readonly number[]>
    onStatusCodes?: Option<readonly number[]>
    /** Wait as long as the host's `Retry-After` says. */
    use_retry_after_header?: Option<boolean>
    useRetryAfterHeader?: Option<boolean>
    /** The same as `use_retry_after_header`. */
    use_retry_after_headers?: Option<boolean>
    useRetryAfterHeaders?: Option<boolean>
  }

  /** Two methods of every answer and stream. They are not enumerable: printing, copying and comparing do not see them. */
  export interface Extras {
    /** The `x-portkey-*` facts without their prefix: `trace-id`, `provider`, `last-used-option-index`, `retry-attempt-count`, `cache-status`. */
    getHeaders(): Record<string, string>
    /** What happened. A stream's report is complete when the stream has ended. */
    getGateway(): GatewayReport
  }

  /** What happened to one call. It holds no header values, and its URLs have neither query nor userinfo. */
  export interface GatewayReport {
    /** A gateway's own, where it gave one. */
    traceId: string
    spanId: string | null
    spanName: string | null
    parentSpanId: string | null
    metadata: Record<string, string>
    /** The host's own name for the request, where it gave one. */
    requestId: string | null
    /** The target that answered: its `name`, or its place in the config; `remote` is the gateway that `baseURL` names. */
    target: string | null
    provider: string | null
    cache: CacheStatus | null
    /** What the hooks of the target said; `null` where none ran. */
    hooks: HookResults | null
    /** What was altered between the caller's words and the wire, or noted on the way back; one sentence each. */
    changes: string[]
    /** Every request that was made, in order. */
    attempts: AttemptReport[]
    /** Tokens, as the host counted them. */
    usage: Partial<Usage> | null
    /** In US dollars, where the price is known. */
    cost: number | null
  }

  export interface HookResults {
    before_request_hooks: HookRecord[]
    after_request_hooks: HookRecord[]
    /** Of hooks that change nothing. */
    async_hooks: HookRecord[]
  }

  /** What one hook said. It holds nothing of what was checked. */
  export interface HookRecord {
    id: string
    type: 'guardrail' | 'mutator'
    verdict: boolean
    /** Whether it refused the call. */
    deny: boolean
    async: boolean
    /** Whether a check wrote something else in place of what it saw. */
    transformed: boolean
    checks: {
      id: string
      verdict: boolean
      transformed: boolean
      fail_on_error: boolean
      data: unknown
      error?: { name: string; message: string }
      execution_time: number
      created_at: string
    }[]
    feedback: { value?: unknown; weight?: unknown; metadata: Record<string, unknown> } | null
    /** Milliseconds. */
    execution_time: number
    created_at: string
  }

  export type CacheStatus = 'HIT' | 'SEMANTIC HIT' | 'MISS' | 'SEMANTIC MISS' | 'REFRESH' | 'DISABLED'

  export interface AttemptReport {
    target: string | null
    provider: string
    url: string
    /** `null` when no answer came. */
    status: number | null
    /** How far it came: `limit`, `queue`, `connect`, `headers`, … */
    phase: string
    /** Why it failed, such as `ECONNREFUSED` or the host's own error code. */
    code: string | null
    /** Why it was tried again. */
    retryReason: string | null
    /** How often it was sent once more at no attempt, since its host had not looked at it. */
    resent: number
    /** The limit that it waited for, or that stopped it. */
    limit: string | null
    /** Milliseconds each part took; `null` for what was not reached. */
    ms: {
      /** Waiting for room in the target's limits. */
      limit: number | null
      queue: number | null
      connect: number | null
      headers: number | null
      firstToken: number | null
      total: number | null
    }
  }

  /** What the host said besides its body. */
  export interface ResponseFacts {
    status: number
    /** By lower-case name; values of a repeated header are joined by `, `. */
    headers: Record<string, string>
    url: string
  }

  /** An answer whose body was not read yet. Read it or cancel it: until then its connection stays open. */
  export interface UnreadResponse extends ResponseFacts {
    body: ReadableStream<Uint8Array>
  }

  /** A call under way: it is sent whether or not it is awaited, and rejects with an `APIError` or a `ConfigError`. */
  export class APIPromise<T> extends Promise<T> {
    private constructor()
    /** The value, with the status and the headers that it came with. */
    withResponse(): Promise<{ data: T; response: ResponseFacts }>
    /** The answer with its body as it comes from the wire. */
    asResponse(): Promise<UnreadResponse>
  }

  /**
   * The events of one answer, to be read once. Leaving the loop, `return()`, `controller.abort()` and garbage collection
   * close the connection. Throws what the host reports on the way, and a `StreamTruncatedError` when the answer breaks off.
   */
  export class Stream<T> implements AsyncIterable<T>, Extras {
    private constructor()
    readonly controller: AbortController
    [Symbol.asyncIterator](): AsyncIterator<T>
    /** Two streams of the same events, to be read at different speeds; what only one has read is kept for the other. */
    tee(): [Stream<T>, Stream<T>]
    /** The events as lines of JSON. */
    toReadableStream(): ReadableStream<Uint8Array>
    getHeaders(): Record<string, string>
    getGateway(): GatewayReport
  }

  /**
   * A streamed chat completion with events. The chunks can be read too: a reader that falls behind holds the host back,
   * unless someone waits for the end, and leaving the loop aborts.
   */
  export class ChatCompletionStream<Parsed = null> implements AsyncIterable<ChatCompletionChunk> {
    protected constructor()
    /** What another process has sent on with `toReadableStream()`, in bytes or in text. */
    static fromReadableStream(stream: ReadableStream | AsyncIterable<Uint8Array | string>): ChatCompletionStream
    /** The completion as far as it has come; it changes with each chunk. */
    readonly currentChatCompletionSnapshot: ChatCompletionSnapshot | undefined
    [Symbol.asyncIterator](): AsyncIterableIterator<ChatCompletionChunk>
    /** The chunks as lines of JSON, as the `openai` package has them. */
    toReadableStream(): ReadableStream<Uint8Array>
  }
  export interface ChatCompletionStream<Parsed> extends ChatRun<ChatStreamEvents<Parsed>, Parsed> {}

  /** What a realtime session is opened with. */
  export interface RealtimeProps {
    /** A config may route by it, and name another. */
    model?: string
    options?: {
      /** Sent with the request that opens the session; `null` takes one away. */
      headers?: Record<string, string | null | undefined>
      query?: Record<string, unknown>
      signal?: AbortSignal
      /** Milliseconds until the session must be open, retries included; 30 s by default, 0 = off. */
      timeout?: number
      /** The same, as the `ws` package has it. */
      handshakeTimeout?: number
      /** The longest message that is read, in bytes; at most, and by default, 32 MiB. */
      maxPayload?: number
      maxRetries?: number
      perMessageDeflate?: false
      followRedirects?: false
    }
    /** Portkey's options for this session alone. */
    params?: PortkeyParams
  }

  export interface RealtimeGoodbye {
    /** As the WebSocket protocol has them; 1005: the host gave none, 1006: the connection was cut. */
    code: number
    reason: string
    /** Whether both sides have said goodbye. */
    wasClean: boolean
  }

  /** The events of a session, by name: the host's own, and those of the connection. */
  export type RealtimeEvents = {
    [Type in Exclude<RealtimeServerEvent['type'], 'error'>]: (event: Extract<RealtimeServerEvent, { type: Type }>) => void
  } & {
    /** Every event of the host. */
    event: (event: RealtimeServerEvent) => void
    /** What the host reports, or what happened to the session. Without a listener it is an unhandled rejection. */
    error: (error: RealtimeError) => void
    open: () => void
    /** The last event of a session. */
    close: (goodbye: RealtimeGoodbye) => void
    /** There is room again for what `send` was told to wait with. */
    drain: () => void
    /** A message in bytes. */
    binary: (bytes: Uint8Array) => void
  }

  /** The connection of a session, with what clients use of the `ws` package's. */
  export interface RealtimeSocket {
    readonly readyState: 0 | 1 | 2 | 3
    readonly url: string | undefined
    readonly protocol: string
    /** How many bytes wait to be sent. */
    readonly bufferedAmount: number
    readonly isPaused: boolean
    /** Throws where the session is over, or too much waits to be sent. False: wait for 'drain'. */
    send(data: string | ArrayBufferView | ArrayBuffer): boolean
    close(code?: number, reason?: string): void
    /** Closes the connection at once. */
    terminate(): void
    /** No messages are handed out, and the host is not listened to once some wait. */
    pause(): void
    resume(): void
    on(event: 'open' | 'close' | 'error' | 'message' | 'drain', listener: (...given: any[]) => void): this
    once(event: 'open' | 'close' | 'error' | 'message' | 'drain', listener: (...given: any[]) => void): this
    off(event: 'open' | 'close' | 'error' | 'message' | 'drain', listener: (...given: any[]) => void): this
    addEventListener(type: 'open' | 'close' | 'error' | 'message', listener: (event: any) => void, options?: { once?: boolean }): void
    removeEventListener(type: 'open' | 'close' | 'error' | 'message', listener: (event: any) => void): void
  }

  /**
   * A realtime session: a WebSocket to the target that the client's config chooses. It can be iterated over, which reads the
   * host's events no faster than they are asked for.
   */
  export class PortkeyAIRealtimeWS implements AsyncIterable<RealtimeServerEvent> {
    /** Opens the session; 'open' tells, or 'error'. */
    constructor(props: RealtimeProps, client: Portkey)
    /** Resolves once it is open. */
    static create(client: Portkey, props: RealtimeProps): Promise<PortkeyAIRealtimeWS>
    readonly socket: RealtimeSocket
    /** Without its query. Behind a config, known from 'open' on. */
    readonly url: URL | undefined
    /** False: so much waits to be sent that it is better to wait for 'drain'. What is sent before 'open' waits for it. */
    send(event: RealtimeClientEvent): boolean
    close(props?: { code: number; reason: string }): void
    on<Name extends keyof RealtimeEvents>(event: Name, listener: RealtimeEvents[Name]): this
    once<Name extends keyof RealtimeEvents>(event: Name, listener: RealtimeEvents[Name]): this
    off<Name extends keyof RealtimeEvents>(event: Name, listener: RealtimeEvents[Name]): this
    /** The next event of this name; rejects when an error comes first, or the end. */
    emitted<Name extends keyof RealtimeEvents>(event: Name): Promise<Parameters<RealtimeEvents[Name]> extends [infer Event] ? Event : void>
    [Symbol.asyncIterator](): AsyncIterableIterator<RealtimeServerEvent>
    getHeaders(): Record<string, string>
    getGateway(): GatewayReport | undefined
  }
  export class PortkeyRealtimeWebSocket extends PortkeyAIRealtimeWS {}
  /** The official package spells it so. */
  export { PortkeyRealtimeWebSocket as PorkteyRealtimeWebSocket }

  /** Whole answers and the tools that they call, one after the other. */
  export class ChatCompletionRunner<Parsed = null> {
    private constructor()
  }
  export interface ChatCompletionRunner<Parsed> extends ChatRun<ChatRunnerEvents<Parsed>, Parsed> {}

  /** Streamed answers and the tools that they call, one after the other. */
  export class ChatCompletionStreamingRunner<Parsed = null> extends ChatCompletionStream<Parsed> {}

  /** A streamed response with events; to be read as a `ChatCompletionStream`. */
  export class ResponseStream<Parsed = null> implements AsyncIterable<ResponseStreamEvent> {
    private constructor()
    static fromReadableStream(stream: ReadableStream | AsyncIterable<Uint8Array | string>): ResponseStream
    /** The response as far as it has come; it changes with each event. */
    readonly currentResponseSnapshot: Response | undefined
    [Symbol.asyncIterator](): AsyncIterableIterator<ResponseStreamEvent>
    /** The events as lines of JSON, as the `openai` package has them. */
    toReadableStream(): ReadableStream<Uint8Array>
    finalResponse(): Promise<Answer<ParsedResponse<Parsed>>>
    /** `undefined` before there is an answer. */
    getHeaders(): Record<string, string> | undefined
    getGateway(): GatewayReport | undefined
  }
  export interface ResponseStream<Parsed> extends Listening<ResponseEvents> {}

  /** A streamed run of an assistant with events; to be read as a `ChatCompletionStream`. */
  export class AssistantStream implements AsyncIterable<AssistantStreamEvent> {
    private constructor()
    static fromReadableStream(stream: ReadableStream | AsyncIterable<Uint8Array | string>): AssistantStream
    /** What came last. */
    currentEvent(): AssistantStreamEvent | undefined
    currentRun(): Run | undefined
    /** The message and the step under way, as far as they have come; they change with each event. */
    currentMessageSnapshot(): ThreadMessage | undefined
    currentRunStepSnapshot(): RunStep | undefined
    [Symbol.asyncIterator](): AsyncIterableIterator<AssistantStreamEvent>
    /** The events as lines of JSON, as the `openai` package has them. */
    toReadableStream(): ReadableStream<Uint8Array>
    finalMessages(): Promise<ThreadMessage[]>
    /** As the host told of it last: it may require something. */
    finalRun(): Promise<Run>
    finalRunSteps(): Promise<RunStep[]>
    /** `undefined` before there is an answer. */
    getHeaders(): Record<string, string> | undefined
    getGateway(): GatewayReport | undefined
  }
  export interface AssistantStream extends Listening<AssistantStreamEvents> {}

  /** A call that failed. Its message has at most three lines: what failed, where, what to try. */
  export class APIError extends Error {
    protected constructor()
    /** HTTP status; 408 for a clock that ran out; `undefined` when no answer came. */
    readonly status: number | undefined
    /** The answer's headers by lower-case name, the `x-portkey-*` facts among them. */
    readonly headers: Record<string, string> | undefined
    /** The whole parsed body. */
    readonly error: unknown
    readonly code: string | null | undefined
    readonly type: string | null | undefined
    /** The body parameter that the host objects to. */
    readonly param: string | null | undefined
    /** The host's own name for the request. */
    readonly requestID: string | null | undefined
    readonly gateway: GatewayReport | undefined
    readonly cause?: unknown
  }
  /** No whole answer came: name lookup, connection, TLS, or an answer that is not HTTP. */
  export class APIConnectionError extends APIError {}
  /** A clock ran out. The message says which. */
  export class APIConnectionTimeoutError extends APIConnectionError {}
  /** The caller's signal, or the stream's controller, ended the call. */
  export class APIUserAbortError extends APIError {}
  export class BadRequestError extends APIError { readonly status: 400 }
  export class AuthenticationError extends APIError { readonly status: 401 }
  export class PermissionDeniedError extends APIError { readonly status: 403 }
  export class NotFoundError extends APIError { readonly status: 404 }
  export class ConflictError extends APIError { readonly status: 409 }
  export class UnprocessableEntityError extends APIError { readonly status: 422 }
  export class RateLimitError extends APIError { readonly status: 429 }
  /** 500 and above. */
  export class InternalServerError extends APIError { readonly status: number }
  /** A stream broke off before it was whole. */
  export class StreamTruncatedError extends APIError {
    readonly partial: PartialAnswer
  }
  /** The answer has reached the limit of its tokens, and was asked for in a shape that a part of it cannot have. */
  export class LengthFinishReasonError extends APIError {
    readonly completion: ChatCompletion
  }
  /** The provider's filter has cut the answer off. */
  export class ContentFilterFinishReasonError extends APIError {
    readonly completion: ChatCompletion
  }
  /** The answer, or what it calls a tool with, does not have the shape that was asked for. */
  export class SchemaMismatchError extends APIError {
    /** What is wrong, in the words of the schema's library, which may quote the answer. */
    readonly issues: { message: string; path: PropertyKey[] }[]
    /** What was read. */
    readonly text: string
  }
  /** What a realtime session reports: an `error` event of the host, or what happened to the session. */
  export class RealtimeError extends APIError {
    /** What the host reports, where it does. */
    readonly error: RealtimeErrorDetails | undefined
    readonly event_id: string | undefined
    /** What happened to the session: an error of the other classes. */
    readonly cause?: unknown
  }
  /** An option, config or body that cannot be acted on. Thrown at construction, or before anything is sent. */
  export class ConfigError extends Error {
    /** Each thing that is wrong, where there is more to say than the message does. */
    readonly problems: { path: string; message: string }[]
    private constructor()
  }

  /** A webhook that was not signed with the secret, or not lately. */
  export class InvalidWebhookSignatureError extends Error {
    private constructor()
  }

  /** What had come when a stream broke off. */
  export interface PartialAnswer {
    text: string
    /** The last one's `arguments` may be cut anywhere. */
    toolCalls: ChatCompletionMessageFunctionToolCall[]
    usage: Partial<Usage> | null
  }

  export { Self as Portkey, Self as default }
  export type {
    ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams, ChatCompletionCreateParamsNonStreaming,
    ChatCompletionCreateParamsStreaming, Completion, CompletionCreateParams, CompletionUsage,
    CreateEmbeddingResponse, Embedding, EmbeddingCreateParams, ChatCompletionAssistantMessageParam,
    ChatCompletionContentPart, ChatCompletionMessage, ChatCompletionMessageFunctionToolCall,
    ChatCompletionMessageParam, ChatCompletionMessageToolCall, ChatCompletionSystemMessageParam, ChatCompletionTool,
    ChatCompletionToolChoiceOption, ChatCompletionToolMessageParam, ChatCompletionUserMessageParam, Answer, Body,
    Model, ModelList, Moderation, ModerationCreateParams, ModerationCreateResponse, Resources, ChatCompletionSnapshot,
    ParsedChatCompletion, ParsedChatCompletionMessage, ParsedFunction, ParsedFunctionToolCall, ParseableFormat, ParseableTool,
    RunToolsOptions, RunnableTool, StandardIssue, StandardSchema, ParseableTextFormat, ParsedResponse,
    ContentBlock, ContentBlockParam, Message, MessageCreateParams, MessageCreateParamsNonStreaming, MessageCreateParamsStreaming,
    MessageParam, MessageStreamEvent, MessageTool, MessageUsage, Response, ResponseCreateParams, ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming, ResponseStreamEvent, ResponseUsage,
  }
  /* types */
  export type {
    Assistant, AssistantCreateParams, AssistantResponseFormat, AssistantStreamEvent, AssistantStreamEvents,
    AssistantTool, AssistantToolChoice, AssistantUpdateParams, AudioResponseFormat, Batch, BatchCreateParams, BatchError,
    BatchRequestCounts, BatchUsage, BinaryResponse, ChatKitAttachment, ChatKitItem, ChatKitText, ChatKitThread,
    ChatKitThreadListParams, ChatSession, ChatSessionCreateParams, CheckpointPermission,
    CheckpointPermissionCreateParams, CheckpointPermissionList, CheckpointPermissionListParams, ChunkSizes,
    ChunkingStrategy, ChunkingStrategyParam, ClientSecret, ClientSecretCreateParams, ComparisonFilter, CompoundFilter,
    Container, ContainerCreateParams, ContainerFile, ContainerFileCreateParams, ContainerNetworkPolicyParam,
    ContainerSkill, Conversation, ConversationCreateParams, ConversationItem, ConversationItemCreateParams,
    ConversationItemList, ConversationItemListParams, ConversationItemRetrieveParams, ConversationMessage,
    ConversationUpdateParams, Deleted, EasyInputMessage, Eval, EvalCompletionsSource, EvalCreateParams, EvalCriterion,
    EvalCriterionParam, EvalDataSource, EvalDeleted, EvalJSONLSource, EvalListParams, EvalMessage, EvalOutputItem,
    EvalOutputItemListParams, EvalResponsesSource, EvalRun, EvalRunCreateParams, EvalRunDeleted, EvalRunListParams,
    EvalRunSource, EvalUpdateParams, ExpiresAfter, FileAttributes, FileContent, FileCounts, FileCreateParams, FileLike,
    FileListParams, FileObject, FileOptions, FilePurpose, FileStream, FineTuningHyperparameters, FineTuningIntegration,
    FineTuningJob, FineTuningJobCheckpoint, FineTuningJobCreateParams, FineTuningJobEvent, FineTuningJobListParams,
    FineTuningMethod, Grader, GraderContent, GraderMessage, GraderRunParams, GraderRunResponse, GraderValidateParams,
    GraderValidateResponse, IdleExpiry, Image, ImageCompletedEvent, ImageCreateVariationParams, ImageEditParams,
    ImageGenerateParams, ImagePartialEvent, ImageStreamEvent, ImageUsage, ImagesResponse, LabelModelGrader, ListParams,
    MetadataParams, MultiGrader, Page, PagePromise, PollOptions, PortkeyAnswer, PortkeyParams, PythonGrader,
    RealtimeAudioFormat, RealtimeAudioInput, RealtimeAudioOutput, RealtimeCallAcceptParams, RealtimeCallReferParams,
    RealtimeCallRejectParams, RealtimeClientEvent, RealtimeClientEvents, RealtimeErrorDetails, RealtimeFunctionTool,
    RealtimeItem, RealtimeLogprob, RealtimeMcpTool, RealtimePrompt, RealtimeResponse, RealtimeResponseParams,
    RealtimeServerEvent, RealtimeServerEvents, RealtimeSession, RealtimeSessionConfig, RealtimeSessionCreateParams,
    RealtimeTool, RealtimeToolChoice, RealtimeTranscriptUsage, RealtimeTranscriptionConfig, RealtimeTurnDetection,
    RealtimeUsage, RealtimeVoice, ResponseAnnotation, ResponseApplyPatchCall, ResponseApplyPatchCallOutput,
    ResponseCaller, ResponseCodeInterpreterCall, ResponseCodeInterpreterTool, ResponseCompaction, ResponseComputerAction,
    ResponseComputerCall, ResponseComputerCallOutput, ResponseCustomTool, ResponseCustomToolCall,
    ResponseCustomToolCallOutput, ResponseEnvironment, ResponseFileSearchCall, ResponseFileSearchTool,
    ResponseFunctionCallOutput, ResponseFunctionTool, ResponseFunctionToolCall, ResponseImageGenerationCall,
    ResponseImageGenerationTool, ResponseInputContent, ResponseInputFile, ResponseInputImage, ResponseInputItem,
    ResponseInputItemListParams, ResponseInputMessage, ResponseInputText, ResponseInputTokens, ResponseInputTokensParams,
    ResponseItem, ResponseItemStatus, ResponseKeptContent, ResponseLocalShellCall, ResponseLocalShellCallOutput,
    ResponseLogprob, ResponseMcpApprovalRequest, ResponseMcpApprovalResponse, ResponseMcpCall, ResponseMcpListTools,
    ResponseMcpTool, ResponseNamespaceTool, ResponseOutputItem, ResponseOutputMessage, ResponseOutputRefusal,
    ResponseOutputText, ResponseProgram, ResponseProgramOutput, ResponseReasoningItem, ResponseRetrieveParams,
    ResponseRole, ResponseShellCall, ResponseShellCallOutput, ResponseShellTool, ResponseTool, ResponseToolChoice,
    ResponseToolChoiceBuiltIn, ResponseToolSearchCall, ResponseToolSearchOutput, ResponseWebSearchCall,
    ResponseWebSearchPreviewTool, ResponseWebSearchTool, Run, RunCreateParams, RunStatus, RunStep, RunStepDelta,
    RunStepInclude, RunStepListParams, RunStepRetrieveParams, RunStepToolCall, RunStepToolCallDelta,
    RunSubmitToolOutputsParams, RunToolCall, RunUsage, ScoreModelGrader, SpeechCreateParams, SpeechDeltaEvent,
    SpeechDoneEvent, SpeechStreamEvent, StringCheckGrader, TextSimilarityGrader, Thread, ThreadAnnotation,
    ThreadAnnotationDelta, ThreadAttachment, ThreadContentPart, ThreadCreateAndRunParams, ThreadCreateParams,
    ThreadImageFile, ThreadImageURL, ThreadMessage, ThreadMessageContent, ThreadMessageContentDelta,
    ThreadMessageCreateParams, ThreadMessageDelta, ThreadMessageListParams, ThreadText, ThreadTextDelta,
    ThreadUpdateParams, ToolResources, ToolResourcesParam, TranscriptionCreateParams, TranscriptionCreateResponse,
    TranscriptionDeltaEvent, TranscriptionDoneEvent, TranscriptionLogprob, TranscriptionSegment, TranscriptionSession,
    TranscriptionSessionCreateParams, TranscriptionSpeakerSegment, TranscriptionStreamEvent, TranscriptionUsage,
    TranscriptionWord, TranslationCreateParams, TranslationCreateResponse, TruncationStrategy, Upload,
    UploadCompleteParams, UploadCreateParams, UploadPart, UploadPartCreateParams, Uploadable, VectorStore,
    VectorStoreCreateParams, VectorStoreFile, VectorStoreFileBatch, VectorStoreFileBatchCreateParams,
    VectorStoreFileContent, VectorStoreFileCreateParams, VectorStoreFileListParams, VectorStoreFileUpdateParams,
    VectorStoreSearchParams, VectorStoreSearchResult, VectorStoreUpdateParams, VectorStoreUploadParams, Video,
    VideoCreateParams, VideoDownloadParams, VideoRemixParams, VoiceDetection, WaitForProcessingParams, WebhookEvent,
    WebhookHeaders,
  }
/* end of types */
}

export = Portkey
