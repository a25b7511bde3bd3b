/** The names of `index.d.ts`, for ES modules. */
import Portkey from './index.js'

export default Portkey
export { Portkey }
export {
  PORTKEY_GATEWAY_URL, createHeaders, toFile, APIPromise, AssistantStream, Stream, APIError, APIConnectionError, APIConnectionTimeoutError,
  APIUserAbortError, BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError, ConflictError,
  UnprocessableEntityError, RateLimitError, InternalServerError, StreamTruncatedError, ConfigError,
  LengthFinishReasonError, ContentFilterFinishReasonError, SchemaMismatchError, ChatCompletionStream, ChatCompletionRunner,
  ChatCompletionStreamingRunner, ResponseStream, jsonSchemaFormat, jsonSchemaTextFormat, jsonSchemaTool,
  InvalidWebhookSignatureError,
} from './index.js'
export type {
  NamedOptions, PortkeyOptions, HeaderValue, CallParams, CallOptions, StreamCallOptions, Strategy, Condition, Timeouts, Tls, Egress, Config,
  ConfigRetry, RetryBudget, Logs, Otel, OtelSignal, OtelTracer, Pricing, CallRecord, RecordedUsage, CacheStore, CacheState, ProviderFacts, TargetState, Sticky, Affinity, CircuitBreaker, HealthCheck,
  ConfigCache, Guardrail, Hook, HookSettings, HookResults, HookRecord, Extras, GatewayReport, CacheStatus, AttemptReport, ResponseFacts, UnreadResponse, PartialAnswer,
  ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams, ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming, Completion, CompletionCreateParams, CompletionUsage, CreateEmbeddingResponse,
  Embedding, EmbeddingCreateParams, ChatCompletionAssistantMessageParam, ChatCompletionContentPart,
  ChatCompletionMessage, ChatCompletionMessageFunctionToolCall, ChatCompletionMessageParam,
  ChatCompletionMessageToolCall, ChatCompletionSystemMessageParam, ChatCompletionTool,
  ChatCompletionToolChoiceOption, ChatCompletionToolMessageParam, ChatCompletionUserMessageParam, Answer, Body,
  Model, ModelList, Moderation, ModerationCreateParams, ModerationCreateResponse, Resources, ChatCompletionSnapshot,
  ParsedChatCompletion, ParsedChatCompletionMessage, ParsedFunction, ParsedFunctionToolCall, ParseableFormat, ParseableTool,
  RunToolsOptions, RunnableTool, StandardIssue, StandardSchema, ParseableTextFormat, ParsedResponse,
  ContentBlock, ContentBlockParam, Message, MessageCreateParams, MessageCreateParamsNonStreaming, MessageCreateParamsStreaming,
  MessageParam, MessageStreamEvent, MessageTool, MessageUsage, Response, ResponseCreateParams, ResponseCreateParamsNonStreaming,
  ResponseCreateParamsStreaming, ResponseInputItem, ResponseOutputItem, ResponseStreamEvent, ResponseTool, ResponseUsage,
} from './index.js'
/* types */
export type {
  Assistant, AssistantCreateParams, AssistantResponseFormat, AssistantStreamEvent, AssistantStreamEvents,
  AssistantTool, AssistantToolChoice, AssistantUpdateParams, AudioResponseFormat, Batch, BatchCreateParams, BatchError,
  BatchRequestCounts, BatchUsage, BinaryResponse, ChatKitItem, ChatKitThread, ChatKitThreadListParams, ChatSession,
  ChatSessionCreateParams, CheckpointPermission, CheckpointPermissionCreateParams, CheckpointPermissionList,
  CheckpointPermissionListParams, ChunkSizes, ChunkingStrategy, ChunkingStrategyParam, ClientSecret,
  ClientSecretCreateParams, ComparisonFilter, CompoundFilter, Container, ContainerCreateParams, ContainerFile,
  ContainerFileCreateParams, ContainerNetworkPolicyParam, Conversation, ConversationCreateParams, ConversationItem,
  ConversationItemCreateParams, ConversationItemList, ConversationItemListParams, ConversationItemRetrieveParams,
  ConversationUpdateParams, Deleted, Eval, EvalCreateParams, EvalCriterion, EvalDataSource, EvalDeleted,
  EvalListParams, EvalOutputItem, EvalOutputItemListParams, EvalRun, EvalRunCreateParams, EvalRunDeleted,
  EvalRunListParams, EvalUpdateParams, ExpiresAfter, FileAttributes, FileContent, FileCounts, FileCreateParams,
  FileLike, FileListParams, FileObject, FileOptions, FilePurpose, FileStream, FineTuningHyperparameters,
  FineTuningIntegration, FineTuningJob, FineTuningJobCheckpoint, FineTuningJobCreateParams, FineTuningJobEvent,
  FineTuningJobListParams, FineTuningMethod, Grader, GraderMessage, GraderRunParams, GraderRunResponse,
  GraderValidateParams, GraderValidateResponse, IdleExpiry, Image, ImageCompletedEvent, ImageCreateVariationParams,
  ImageEditParams, ImageGenerateParams, ImagePartialEvent, ImageStreamEvent, ImageUsage, ImagesResponse,
  LabelModelGrader, ListParams, MetadataParams, MultiGrader, Page, PagePromise, PollOptions, PortkeyAnswer,
  PortkeyParams, PythonGrader, RealtimeCallAcceptParams, RealtimeCallReferParams, RealtimeCallRejectParams,
  RealtimeSession, RealtimeSessionCreateParams, ResponseInputItemListParams, ResponseInputTokens,
  ResponseInputTokensParams, ResponseItem, ResponseRetrieveParams, Run, RunCreateParams, RunStatus, RunStep,
  RunStepDelta, RunStepInclude, RunStepListParams, RunStepRetrieveParams, RunStepToolCall, RunStepToolCallDelta,
  RunSubmitToolOutputsParams, RunToolCall, RunUsage, ScoreModelGrader, SpeechCreateParams, SpeechDeltaEvent,
  SpeechDoneEvent, SpeechStreamEvent, StringCheckGrader, TextSimilarityGrader, Thread, ThreadAnnotation,
  ThreadAnnotationDelta, ThreadAttachment, ThreadContentPart, ThreadCreateAndRunParams, ThreadCreateParams,
  ThreadImageFile, ThreadImageURL, ThreadMessage, ThreadMessageContent, ThreadMessageContentDelta,
  ThreadMessageCreateParams, ThreadMessageDelta, ThreadMessageListParams, ThreadText, ThreadTextDelta,
  ThreadUpdateParams, ToolResources, ToolResourcesParam, TranscriptionCreateParams, TranscriptionCreateResponse,
  TranscriptionDeltaEvent, TranscriptionDoneEvent, TranscriptionLogprob, TranscriptionSegment, TranscriptionSession,
  TranscriptionSessionCreateParams, TranscriptionSpeakerSegment, TranscriptionStreamEvent, TranscriptionWord,
  TranslationCreateParams, TranslationCreateResponse, TruncationStrategy, Upload, UploadCompleteParams,
  UploadCreateParams, UploadPart, UploadPartCreateParams, Uploadable, VectorStore, VectorStoreCreateParams,
  VectorStoreFile, VectorStoreFileBatch, VectorStoreFileBatchCreateParams, VectorStoreFileContent,
  VectorStoreFileCreateParams, VectorStoreFileListParams, VectorStoreFileUpdateParams, VectorStoreSearchParams,
  VectorStoreSearchResult, VectorStoreUpdateParams, VectorStoreUploadParams, Video, VideoCreateParams,
  VideoDownloadParams, VideoRemixParams, VoiceDetection, WaitForProcessingParams, WebhookEvent, WebhookHeaders,
} from './index.js'
/* end of types */
