/** The tree of methods, one line each. Written by tools/derive.mjs from the engine's endpoint table. */
import type { APIPromise, AssistantStream, CallOptions, CallParams, Stream } from '../index'
import type { SpeechCreateParams, SpeechStreamEvent } from './audio'
import type { Batch, BatchCreateParams } from './batches'
import type {
  Assistant, AssistantCreateParams, AssistantUpdateParams, ChatKitItem, ChatKitThread, ChatKitThreadListParams,
  ChatSession, ChatSessionCreateParams, MetadataParams, Run, RunCreateParams, RunStep, RunStepListParams,
  RunStepRetrieveParams, RunSubmitToolOutputsParams, Thread, ThreadCreateAndRunParams, ThreadCreateParams,
  ThreadMessage, ThreadMessageCreateParams, ThreadMessageListParams, ThreadUpdateParams,
} from './beta'
import type {
  ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParamsBase, ChatCompletionListParams,
  ChatCompletionStoreMessage, ChatCompletionUpdateParams,
} from './chat'
import type { Completion, CompletionCreateParamsBase } from './completions'
import type { Container, ContainerCreateParams, ContainerFile, ContainerFileCreateParams } from './containers'
import type {
  Conversation, ConversationCreateParams, ConversationItem, ConversationItemCreateParams, ConversationItemList,
  ConversationItemListParams, ConversationItemRetrieveParams, ConversationUpdateParams,
} from './conversations'
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from './embeddings'
import type {
  Eval, EvalCreateParams, EvalDeleted, EvalListParams, EvalOutputItem, EvalOutputItemListParams, EvalRun,
  EvalRunCreateParams, EvalRunDeleted, EvalRunListParams, EvalUpdateParams,
} from './evals'
import type { FileCreateParams, FileListParams, FileObject, WaitForProcessingParams } from './files'
import type {
  CheckpointPermission, CheckpointPermissionCreateParams, CheckpointPermissionList, CheckpointPermissionListParams,
  FineTuningJob, FineTuningJobCheckpoint, FineTuningJobCreateParams, FineTuningJobEvent, FineTuningJobListParams,
  GraderRunParams, GraderRunResponse, GraderValidateParams, GraderValidateResponse,
} from './fine-tuning'
import type { ChatParseMethod, ChatRunToolsMethod, ChatStreamMethod } from './helpers'
import type {
  ImageCreateVariationParams, ImageEditParams, ImageGenerateParams, ImageStreamEvent, ImagesResponse,
} from './images'
import type {
  Message, MessageCountTokensParams, MessageCreateParamsBase, MessageStreamEvent, MessageTokensCount,
} from './messages-api'
import type { Answer, Body, BodyMethod, StreamMethod } from './method'
import type { Model, ModelList } from './models'
import type { ModerationCreateParams, ModerationCreateResponse } from './moderations'
import type { BinaryResponse, Deleted, ListParams, Page, PagePromise, Uploadable } from './pages'
import type { PollOptions, WebhookEvent, WebhookHeaders } from './polling'
import type { PortkeyAnswer, PortkeyParams } from './portkey'
import type {
  ClientSecret, ClientSecretCreateParams, RealtimeCallAcceptParams, RealtimeCallReferParams, RealtimeCallRejectParams,
  RealtimeSession, RealtimeSessionCreateParams, TranscriptionSession, TranscriptionSessionCreateParams,
} from './realtime'
import type { ResponseParseMethod, ResponseStreamMethod } from './response-helpers'
import type { ResponseItem } from './response-items'
import type { Response, ResponseCreateParamsBase, ResponseStreamEvent } from './responses'
import type {
  ResponseInputItemListParams, ResponseInputTokens, ResponseInputTokensParams, ResponseRetrieveParams,
} from './stored-responses'
import type { TranscriptionMethod, TranslationMethod } from './transcripts'
import type { Upload, UploadCompleteParams, UploadCreateParams, UploadPart, UploadPartCreateParams } from './uploads'
import type {
  VectorStore, VectorStoreCreateParams, VectorStoreFile, VectorStoreFileBatch, VectorStoreFileBatchCreateParams,
  VectorStoreFileContent, VectorStoreFileCreateParams, VectorStoreFileListParams, VectorStoreFileUpdateParams,
  VectorStoreSearchParams, VectorStoreSearchResult, VectorStoreUpdateParams, VectorStoreUploadParams,
} from './vector-stores'
import type { Video, VideoCreateParams, VideoDownloadParams, VideoRemixParams } from './videos'

export interface Resources {
  readonly chat: {
    readonly completions: {
      /** `POST /chat/completions` */
      create: StreamMethod<ChatCompletionCreateParamsBase, ChatCompletion, ChatCompletionChunk>
      /** `GET /chat/completions/{completionID}` */
      retrieve: (completionID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ChatCompletion>>
      /** `POST /chat/completions/{completionID}` */
      update: (completionID: string, body: Body<ChatCompletionUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ChatCompletion>>
      /** `GET /chat/completions` */
      list: (query?: ChatCompletionListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ChatCompletion>>
      /** `DELETE /chat/completions/{completionID}` */
      delete: (completionID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      readonly messages: {
        /** `GET /chat/completions/{completionID}/messages` */
        list: (completionID: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ChatCompletionStoreMessage>>
      }
      /** A whole answer, read in the shape that `response_format` and `tools` ask for. */
      parse: ChatParseMethod
      /** Asks, runs the tools that are called, and asks again, until none is. */
      runTools: ChatRunToolsMethod
      /** A streamed answer with events. */
      stream: ChatStreamMethod
    }
  }
  readonly completions: {
    /** `POST /completions` */
    create: StreamMethod<CompletionCreateParamsBase, Completion, Completion>
  }
  readonly embeddings: {
    /** `POST /embeddings` */
    create: BodyMethod<EmbeddingCreateParams, CreateEmbeddingResponse>
  }
  readonly messages: {
    /** `POST /messages` */
    create: StreamMethod<MessageCreateParamsBase, Message, MessageStreamEvent>
    /** `POST /messages/count_tokens` */
    countTokens: BodyMethod<MessageCountTokensParams, MessageTokensCount>
  }
  readonly responses: {
    /** `POST /responses` */
    create: StreamMethod<ResponseCreateParamsBase, Response, ResponseStreamEvent>
    /** `GET /responses/{responseId}` */
    retrieve: {
      (responseId: string, query: ResponseRetrieveParams & { stream: true }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Stream<ResponseStreamEvent>>
      (responseId: string, query?: ResponseRetrieveParams & { stream?: false | null } | null, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Response>>
      (responseId: string, query?: ResponseRetrieveParams | null, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Response> | Stream<ResponseStreamEvent>>
    }
    /** `DELETE /responses/{responseID}` */
    delete: (responseID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    /** `POST /responses/{responseId}/cancel` */
    cancel: (responseId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Response>>
    readonly inputItems: {
      /** `GET /responses/{responseId}/input_items` */
      list: (responseId: string, query?: ResponseInputItemListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ResponseItem>>
    }
    readonly inputTokens: {
      /** `POST /responses/input_tokens` */
      count: (body?: Body<ResponseInputTokensParams> | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ResponseInputTokens>>
    }
    /** A whole response, read in the shape that `text.format` and `tools` ask for. */
    parse: ResponseParseMethod
    /** A streamed response with events. */
    stream: ResponseStreamMethod
  }
  readonly images: {
    /** `POST /images/generations` */
    generate: StreamMethod<ImageGenerateParams, ImagesResponse, ImageStreamEvent>
    /** `POST /images/edits` */
    edit: StreamMethod<ImageEditParams, ImagesResponse, ImageStreamEvent>
    /** `POST /images/variations` */
    createVariation: BodyMethod<ImageCreateVariationParams, ImagesResponse>
  }
  readonly audio: {
    readonly transcriptions: {
      /** `POST /audio/transcriptions` */
      create: TranscriptionMethod
    }
    readonly translations: {
      /** `POST /audio/translations` */
      create: TranslationMethod
    }
    readonly speech: {
      /** `POST /audio/speech` */
      create: {
        (body: Body<SpeechCreateParams> & { stream_format: 'sse' }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Stream<SpeechStreamEvent>>
        (body: Body<SpeechCreateParams> & { stream_format?: 'audio' }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<BinaryResponse>>
        (body: Body<SpeechCreateParams>, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<BinaryResponse> | Stream<SpeechStreamEvent>>
      }
    }
  }
  readonly moderations: {
    /** `POST /moderations` */
    create: BodyMethod<ModerationCreateParams, ModerationCreateResponse>
  }
  readonly models: {
    /** `GET /models` */
    list: (params?: CallParams | null, opts?: CallOptions | null) => PagePromise<ModelList>
    /** `GET /models/{model}` */
    retrieve: (model: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Model>>
    /** `DELETE /models/{model}` */
    delete: (model: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
  }
  /** `POST /{url}` */
  post: (url: string, body?: any, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<any>
  /** `PUT /{url}` */
  put: (url: string, body?: any, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<any>
  /** `GET /{url}` */
  get: (url: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<any>
  /** `DELETE /{url}` */
  delete: (url: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<any>
  readonly files: {
    /** `POST /files` */
    create: BodyMethod<FileCreateParams, FileObject>
    /** `GET /files` */
    list: (query?: FileListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<FileObject>>
    /** `GET /files/{fileID}` */
    retrieve: (fileID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<FileObject>>
    /** `DELETE /files/{fileID}` */
    delete: (fileID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    /** `GET /files/{fileID}/content` */
    content: (fileID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<BinaryResponse>>
    /** `GET /files/{fileID}/content` */
    retrieveContent: (fileID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<BinaryResponse>>
    /** Waits until a file is processed. */
    waitForProcessing: (fileID: string, wait?: WaitForProcessingParams | null, params?: CallParams | null, opts?: CallOptions | null) => Promise<FileObject>
  }
  readonly batches: {
    /** `POST /batches` */
    create: BodyMethod<BatchCreateParams, Batch>
    /** `GET /batches/{batchID}` */
    retrieve: (batchID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Batch>>
    /** `GET /batches` */
    list: (query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Batch>>
    /** `POST /batches/{batchID}/cancel` */
    cancel: (batchID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Batch>>
    /** A batch's results, a line of JSON for each request. */
    output: (batchID: string, params?: CallParams | null, opts?: CallOptions | null) => Promise<string>
  }
  readonly fineTuning: {
    readonly jobs: {
      /** `POST /fine_tuning/jobs` */
      create: BodyMethod<FineTuningJobCreateParams, FineTuningJob>
      /** `GET /fine_tuning/jobs/{fineTuningJobId}` */
      retrieve: (fineTuningJobId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<FineTuningJob>>
      /** `GET /fine_tuning/jobs` */
      list: (query?: FineTuningJobListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<FineTuningJob>>
      /** `POST /fine_tuning/jobs/{fineTuningJobId}/cancel` */
      cancel: (fineTuningJobId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<FineTuningJob>>
      /** `POST /fine_tuning/jobs/{fineTuningJobId}/pause` */
      pause: (fineTuningJobId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<FineTuningJob>>
      /** `POST /fine_tuning/jobs/{fineTuningJobId}/resume` */
      resume: (fineTuningJobId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<FineTuningJob>>
      /** `GET /fine_tuning/jobs/{fineTuningJobId}/events` */
      listEvents: (fineTuningJobId: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<FineTuningJobEvent>>
      readonly checkpoints: {
        /** `GET /fine_tuning/jobs/{fineTuningJobId}/checkpoints` */
        list: (fineTuningJobId: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<FineTuningJobCheckpoint>>
      }
    }
    readonly checkpoints: {
      readonly permissions: {
        /** `POST /fine_tuning/checkpoints/{fineTunedModelCheckpoint}/permissions` */
        create: (fineTunedModelCheckpoint: string, body: Body<CheckpointPermissionCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<CheckpointPermission>>
        /** `GET /fine_tuning/checkpoints/{fineTunedModelCheckpoint}/permissions` */
        retrieve: (fineTunedModelCheckpoint: string, query?: CheckpointPermissionListParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<CheckpointPermissionList>>
        /** `DELETE /fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions/{permissionID}` */
        delete: (permissionID: string, path: { fine_tuned_model_checkpoint: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      }
    }
    readonly alpha: {
      readonly grader: {
        /** `POST /fine_tuning/alpha/graders/run` */
        run: BodyMethod<GraderRunParams, GraderRunResponse>
        /** `POST /fine_tuning/alpha/graders/validate` */
        validate: BodyMethod<GraderValidateParams, GraderValidateResponse>
      }
      readonly graders: {
        /** The same as `fineTuning.alpha.grader.run`. */
        run: Resources['fineTuning']['alpha']['grader']['run']
        /** The same as `fineTuning.alpha.grader.validate`. */
        validate: Resources['fineTuning']['alpha']['grader']['validate']
      }
    }
  }
  readonly vectorStores: {
    /** `POST /vector_stores` */
    create: BodyMethod<VectorStoreCreateParams, VectorStore>
    /** `GET /vector_stores/{vectorStoreID}` */
    retrieve: (vectorStoreID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStore>>
    /** `POST /vector_stores/{vectorStoreID}` */
    update: (vectorStoreID: string, body: Body<VectorStoreUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStore>>
    /** `GET /vector_stores` */
    list: (query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<VectorStore>>
    /** `DELETE /vector_stores/{vectorStoreID}` */
    delete: (vectorStoreID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    /** `POST /vector_stores/{vectorStoreID}/search` */
    search: (vectorStoreID: string, body: Body<VectorStoreSearchParams>, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<VectorStoreSearchResult>>
    readonly files: {
      /** `POST /vector_stores/{vectorStoreID}/files` */
      create: (vectorStoreID: string, body: Body<VectorStoreFileCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFile>>
      /** `GET /vector_stores/{vector_store_id}/files/{fileID}` */
      retrieve: (fileID: string, path: { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFile>>
      /** `GET /vector_stores/{vectorStoreID}/files` */
      list: (vectorStoreID: string, query?: VectorStoreFileListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<VectorStoreFile>>
      /** `DELETE /vector_stores/{vector_store_id}/files/{fileID}` */
      delete: (fileID: string, path: { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      /** `POST /vector_stores/{vector_store_id}/files/{fileID}` */
      update: (fileID: string, body: Body<VectorStoreFileUpdateParams> & { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFile>>
      /** `GET /vector_stores/{vector_store_id}/files/{fileID}/content` */
      content: (fileID: string, path: { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<VectorStoreFileContent>>
      /** Adds a file and waits until it is processed. */
      createAndPoll: (vectorStoreID: string, body: Body<VectorStoreFileCreateParams>, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFile>>
      /** Waits until a file is processed. */
      poll: (vectorStoreID: string, fileID: string, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFile>>
      /** Uploads a file and adds it. */
      upload: (vectorStoreID: string, file: Uploadable, params?: CallParams | null, opts?: CallOptions | null) => Promise<Answer<VectorStoreFile>>
      /** Uploads a file, adds it and waits until it is processed. */
      uploadAndPoll: (vectorStoreID: string, file: Uploadable, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFile>>
    }
    readonly fileBatches: {
      /** `POST /vector_stores/{vectorStoreID}/file_batches` */
      create: (vectorStoreID: string, body: Body<VectorStoreFileBatchCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFileBatch>>
      /** `GET /vector_stores/{vector_store_id}/file_batches/{batchID}` */
      retrieve: (batchID: string, path: { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFileBatch>>
      /** `POST /vector_stores/{vector_store_id}/file_batches/{batchID}/cancel` */
      cancel: (batchID: string, path: { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<VectorStoreFileBatch>>
      /** `GET /vector_stores/{vector_store_id}/file_batches/{batchID}/files` */
      listFiles: (batchID: string, query: VectorStoreFileListParams & { vector_store_id: string }, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<VectorStoreFile>>
      /** Adds files and waits until they are processed. */
      createAndPoll: (vectorStoreID: string, body: Body<VectorStoreFileBatchCreateParams>, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFileBatch>>
      /** Waits until files are processed. */
      poll: (vectorStoreID: string, batchID: string, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFileBatch>>
      /** Uploads files, adds them and waits until they are processed. */
      uploadAndPoll: (vectorStoreID: string, upload: VectorStoreUploadParams, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<VectorStoreFileBatch>>
    }
  }
  readonly uploads: {
    /** `POST /uploads` */
    create: BodyMethod<UploadCreateParams, Upload>
    /** `POST /uploads/{uploadID}/cancel` */
    cancel: (uploadID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Upload>>
    /** `POST /uploads/{uploadID}/complete` */
    complete: (uploadID: string, body: Body<UploadCompleteParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Upload>>
    readonly parts: {
      /** `POST /uploads/{uploadID}/parts` */
      create: (uploadID: string, body: Body<UploadPartCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<UploadPart>>
    }
  }
  readonly evals: {
    /** `POST /evals` */
    create: BodyMethod<EvalCreateParams, Eval>
    /** `GET /evals/{evalID}` */
    retrieve: (evalID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Eval>>
    /** `POST /evals/{evalID}` */
    update: (evalID: string, body: Body<EvalUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Eval>>
    /** `GET /evals` */
    list: (query?: EvalListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Eval>>
    /** `DELETE /evals/{evalID}` */
    delete: (evalID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalDeleted>>
    readonly runs: {
      /** `POST /evals/{evalID}/runs` */
      create: (evalID: string, body: Body<EvalRunCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalRun>>
      /** `GET /evals/{eval_id}/runs/{runID}` */
      retrieve: (runID: string, path: { eval_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalRun>>
      /** `GET /evals/{evalID}/runs` */
      list: (evalID: string, query?: EvalRunListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<EvalRun>>
      /** `DELETE /evals/{eval_id}/runs/{runID}` */
      delete: (runID: string, path: { eval_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalRunDeleted>>
      /** `POST /evals/{eval_id}/runs/{runID}` */
      cancel: (runID: string, path: { eval_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalRun>>
      readonly outputItems: {
        /** `GET /evals/{eval_id}/runs/{run_id}/output_items/{outputItemID}` */
        retrieve: (outputItemID: string, path: { eval_id: string; run_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<EvalOutputItem>>
        /** `GET /evals/{eval_id}/runs/{runID}/output_items` */
        list: (runID: string, query: EvalOutputItemListParams & { eval_id: string }, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<EvalOutputItem>>
      }
    }
  }
  readonly containers: {
    /** `POST /containers` */
    create: BodyMethod<ContainerCreateParams, Container>
    /** `GET /containers/{containerID}` */
    retrieve: (containerID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Container>>
    /** `GET /containers` */
    list: (query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Container>>
    /** `DELETE /containers/{containerID}` */
    delete: (containerID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    readonly files: {
      /** `POST /containers/{containerID}/files` */
      create: (containerID: string, body: Body<ContainerFileCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ContainerFile>>
      /** `GET /containers/{container_id}/files/{fileID}` */
      retrieve: (fileID: string, path: { container_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ContainerFile>>
      /** `GET /containers/{containerID}/files` */
      list: (containerID: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ContainerFile>>
      /** `DELETE /containers/{container_id}/files/{fileID}` */
      delete: (fileID: string, path: { container_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      readonly content: {
        /** `GET /containers/{container_id}/files/{fileID}/content` */
        retrieve: (fileID: string, path: { container_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<string>
      }
    }
  }
  readonly conversations: {
    /** `POST /conversations` */
    create: (body?: Body<ConversationCreateParams> | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Conversation>>
    /** `GET /conversations/{conversationID}` */
    retrieve: (conversationID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Conversation>>
    /** `POST /conversations/{conversationID}` */
    update: (conversationID: string, body: Body<ConversationUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Conversation>>
    /** `DELETE /conversations/{conversationID}` */
    delete: (conversationID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    readonly items: {
      /** `POST /conversations/{conversationID}/items` */
      create: (conversationID: string, body: Body<ConversationItemCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ConversationItemList>>
      /** `GET /conversations/{conversation_id}/items/{itemID}` */
      retrieve: (itemID: string, query: ConversationItemRetrieveParams & { conversation_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ConversationItem>>
      /** `GET /conversations/{conversationID}/items` */
      list: (conversationID: string, query?: ConversationItemListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ConversationItem>>
      /** `DELETE /conversations/{conversation_id}/items/{itemID}` */
      delete: (itemID: string, path: { conversation_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Conversation>>
    }
  }
  readonly videos: {
    /** `POST /videos` */
    create: BodyMethod<VideoCreateParams, Video>
    /** `GET /videos/{videoID}` */
    retrieve: (videoID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Video>>
    /** `GET /videos` */
    list: (query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Video>>
    /** `DELETE /videos/{videoID}` */
    delete: (videoID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    /** `GET /videos/{videoID}/content` */
    downloadContent: (videoID: string, query?: VideoDownloadParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<BinaryResponse>>
    /** `POST /videos/{videoID}/remix` */
    remix: (videoID: string, body: Body<VideoRemixParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Video>>
  }
  readonly realtime: {
    readonly clientSecrets: {
      /** `POST /realtime/client_secrets` */
      create: BodyMethod<ClientSecretCreateParams, ClientSecret>
    }
    readonly calls: {
      /** `POST /realtime/calls/{callID}/accept` */
      accept: (callID: string, body: Body<RealtimeCallAcceptParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<void>
      /** `POST /realtime/calls/{callID}/hangup` */
      hangup: (callID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<void>
      /** `POST /realtime/calls/{callID}/refer` */
      refer: (callID: string, body: Body<RealtimeCallReferParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<void>
      /** `POST /realtime/calls/{callID}/reject` */
      reject: (callID: string, body?: Body<RealtimeCallRejectParams> | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<void>
    }
  }
  readonly beta: {
    readonly assistants: {
      /** `POST /assistants` */
      create: BodyMethod<AssistantCreateParams, Assistant>
      /** `GET /assistants` */
      list: (query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Assistant>>
      /** `GET /assistants/{assistantID}` */
      retrieve: (assistantID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Assistant>>
      /** `POST /assistants/{assistantID}` */
      update: (assistantID: string, body: Body<AssistantUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Assistant>>
      /** `DELETE /assistants/{assistantID}` */
      delete: (assistantID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
    }
    readonly threads: {
      /** `POST /threads` */
      create: (body?: Body<ThreadCreateParams> | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Thread>>
      /** `GET /threads/{threadID}` */
      retrieve: (threadID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Thread>>
      /** `POST /threads/{threadID}` */
      update: (threadID: string, body: Body<ThreadUpdateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Thread>>
      /** `DELETE /threads/{threadID}` */
      delete: (threadID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      /** `POST /threads/runs` */
      createAndRun: {
        (body: Body<ThreadCreateAndRunParams> & { stream: true }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<AssistantStream>
        (body: Body<ThreadCreateAndRunParams> & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run>>
        (body: Body<ThreadCreateAndRunParams>, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run> | AssistantStream>
      }
      readonly messages: {
        /** `POST /threads/{threadID}/messages` */
        create: (threadID: string, body: Body<ThreadMessageCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ThreadMessage>>
        /** `GET /threads/{threadID}/messages` */
        list: (threadID: string, query?: ThreadMessageListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ThreadMessage>>
        /** `GET /threads/{thread_id}/messages/{messageID}` */
        retrieve: (messageID: string, path: { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ThreadMessage>>
        /** `POST /threads/{thread_id}/messages/{messageID}` */
        update: (messageID: string, body: Body<MetadataParams> & { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ThreadMessage>>
        /** `DELETE /threads/{thread_id}/messages/{messageID}` */
        delete: (messageID: string, path: { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
      }
      readonly runs: {
        /** `POST /threads/{threadID}/runs` */
        create: {
          (threadID: string, body: Body<RunCreateParams> & { stream: true }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<AssistantStream>
          (threadID: string, body: Body<RunCreateParams> & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run>>
          (threadID: string, body: Body<RunCreateParams>, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run> | AssistantStream>
        }
        /** `GET /threads/{threadID}/runs` */
        list: (threadID: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<Run>>
        /** `GET /threads/{thread_id}/runs/{runID}` */
        retrieve: (runID: string, path: { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Run>>
        /** `POST /threads/{thread_id}/runs/{runID}` */
        update: (runID: string, body: Body<MetadataParams> & { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Run>>
        /** `POST /threads/{thread_id}/runs/{runID}/submit_tool_outputs` */
        submitToolOutputs: {
          (runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string } & { stream: true }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<AssistantStream>
          (runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string } & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run>>
          (runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<Run> | AssistantStream>
        }
        /** `POST /threads/{thread_id}/runs/{runID}/cancel` */
        cancel: (runID: string, path: { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Run>>
        readonly steps: {
          /** `GET /threads/{thread_id}/runs/{runID}/steps` */
          list: (runID: string, query: RunStepListParams & { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<RunStep>>
          /** `GET /threads/{thread_id}/runs/{run_id}/steps/{stepID}` */
          retrieve: (stepID: string, query: RunStepRetrieveParams & { thread_id: string; run_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<RunStep>>
        }
        /** Begins a run and waits for its end. */
        createAndPoll: (threadID: string, body: Body<RunCreateParams>, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<Run>>
        /** Begins a run and streams it. */
        createAndStream: (threadID: string, body: Body<RunCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => AssistantStream
        /** Waits for the end of a run, or for what it requires. */
        poll: (runID: string, path: { thread_id: string }, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<Run>>
        /** Begins a run and streams it. */
        stream: (threadID: string, body: Body<RunCreateParams>, params?: CallParams | null, opts?: CallOptions | null) => AssistantStream
        /** Hands in what tools gave back and waits for the run's end. */
        submitToolOutputsAndPoll: (runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string }, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<Run>>
        /** Hands in what tools gave back and streams the rest of the run. */
        submitToolOutputsStream: (runID: string, body: Body<RunSubmitToolOutputsParams> & { thread_id: string }, params?: CallParams | null, opts?: CallOptions | null) => AssistantStream
      }
      /** Begins a run in a thread of its own and waits for its end. */
      createAndRunPoll: (body: Body<ThreadCreateAndRunParams>, params?: CallParams | null, opts?: PollOptions | null) => Promise<Answer<Run>>
      /** Begins a run in a thread of its own and streams it. */
      createAndRunStream: (body: Body<ThreadCreateAndRunParams>, params?: CallParams | null, opts?: CallOptions | null) => AssistantStream
    }
    readonly realtime: {
      readonly sessions: {
        /** `POST /realtime/sessions` */
        create: BodyMethod<RealtimeSessionCreateParams, RealtimeSession>
      }
      readonly transcriptionSessions: {
        /** `POST /realtime/transcription_sessions` */
        create: BodyMethod<TranscriptionSessionCreateParams, TranscriptionSession>
      }
    }
    readonly chatkit: {
      readonly sessions: {
        /** `POST /chatkit/sessions` */
        create: BodyMethod<ChatSessionCreateParams, ChatSession>
        /** `POST /chatkit/sessions/{sessionID}/cancel` */
        cancel: (sessionID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ChatSession>>
      }
      readonly threads: {
        /** `GET /chatkit/threads/{threadID}` */
        retrieve: (threadID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<ChatKitThread>>
        /** `GET /chatkit/threads` */
        list: (query?: ChatKitThreadListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ChatKitThread>>
        /** `DELETE /chatkit/threads/{threadID}` */
        delete: (threadID: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<Deleted>>
        /** `GET /chatkit/threads/{threadID}/items` */
        listItems: (threadID: string, query?: ListParams | null, params?: CallParams | null, opts?: CallOptions | null) => PagePromise<Page<ChatKitItem>>
      }
    }
  }
  readonly prompts: {
    /** `POST /prompts/{promptID}/render` */
    render: (body: Body<PortkeyParams> & { promptID: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    readonly completions: {
      /** `POST /prompts/{promptID}/completions` */
      create: {
        (body: Body<PortkeyParams> & { promptID: string } & { stream: true }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Stream<PortkeyAnswer>>
        (body: Body<PortkeyParams> & { promptID: string } & { stream?: false | null }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<PortkeyAnswer>>
        (body: Body<PortkeyParams> & { promptID: string }, params?: CallParams | null, opts?: CallOptions | null): APIPromise<Answer<PortkeyAnswer> | Stream<PortkeyAnswer>>
      }
    }
    /** `POST /prompts` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /prompts` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /prompts/{promptSlug}` */
    retrieve: (promptSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /prompts/{promptSlug}` */
    update: (promptSlug: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /prompts/{promptSlug}` */
    delete: (promptSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /prompts/{promptSlug}/makeDefault` */
    publish: (promptSlug: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    readonly versions: {
      /** `GET /prompts/{promptSlug}/versions` */
      list: (promptSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /prompts/{promptSlug}/versions/{versionId}` */
      retrieve: (promptSlug: string, versionId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /prompts/{promptSlug}/versions/{versionId}` */
      update: (promptSlug: string, versionId: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly partials: {
      /** `POST /prompts/partials` */
      create: BodyMethod<PortkeyParams, PortkeyAnswer>
      /** `GET /prompts/partials` */
      list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /prompts/partials/{promptPartialSlug}` */
      retrieve: (promptPartialSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /prompts/partials/{promptPartialSlug}` */
      update: (promptPartialSlug: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `DELETE /prompts/partials/{promptPartialSlug}` */
      delete: (promptPartialSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /prompts/partials/{promptPartialSlug}/makeDefault` */
      publish: (promptPartialSlug: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      readonly versions: {
        /** `GET /prompts/partials/{promptPartialSlug}/versions` */
        list: (promptPartialSlug: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      }
    }
  }
  readonly feedback: {
    /** `POST /feedback` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `PUT /feedback/{feedbackID}` */
    update: (body: Body<PortkeyParams> & { feedbackID: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly logs: {
    /** `POST /logs` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    readonly exports: {
      /** `POST /logs/exports` */
      create: BodyMethod<PortkeyParams, PortkeyAnswer>
      /** `GET /logs/exports/{exportId}` */
      retrieve: (path: { exportId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /logs/exports` */
      list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /logs/exports/{exportId}` */
      update: (body: Body<PortkeyParams> & { exportId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `POST /logs/exports/{exportId}/start` */
      start: (body: Body<PortkeyParams> & { exportId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `POST /logs/exports/{exportId}/cancel` */
      cancel: (body: Body<PortkeyParams> & { exportId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /logs/exports/{exportId}/download` */
      download: (path: { exportId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
  }
  readonly labels: {
    /** `POST /labels` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /labels` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /labels/{labelId}` */
    retrieve: (labelId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /labels/{labelId}` */
    update: (labelId: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /labels/{labelId}` */
    delete: (labelId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly collections: {
    /** `POST /collections` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /collections` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /collections/{collectionId}` */
    retrieve: (collectionId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /collections/{collectionId}` */
    update: (collectionId: string, body: Body<PortkeyParams>, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /collections/{collectionId}` */
    delete: (collectionId: string, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly admin: {
    readonly users: {
      /** `GET /admin/users/{userId}` */
      retrieve: (path: { userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /admin/users` */
      list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /admin/users/{userId}` */
      update: (body: Body<PortkeyParams> & { userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `DELETE /admin/users/{userId}` */
      delete: (body: Body<PortkeyParams> & { userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      readonly invites: {
        /** `POST /admin/users/invites` */
        create: BodyMethod<PortkeyParams, PortkeyAnswer>
        /** `GET /admin/users/invites/{inviteId}` */
        retrieve: (path: { inviteId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `GET /admin/users/invites` */
        list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `DELETE /admin/users/invites/{inviteId}` */
        delete: (body: Body<PortkeyParams> & { inviteId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `POST /admin/users/invites/{inviteId}/resend` */
        resend: (path: { inviteId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      }
    }
    readonly workspaces: {
      /** `POST /admin/workspaces` */
      create: BodyMethod<PortkeyParams, PortkeyAnswer>
      /** `GET /admin/workspaces/{workspaceId}` */
      retrieve: (path: { workspaceId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /admin/workspaces` */
      list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /admin/workspaces/{workspaceId}` */
      update: (body: Body<PortkeyParams> & { workspaceId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `DELETE /admin/workspaces/{workspaceId}` */
      delete: (body: Body<PortkeyParams> & { workspaceId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      readonly users: {
        /** `POST /admin/workspaces/{workspaceId}/users` */
        create: (body: Body<PortkeyParams> & { workspaceId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `GET /admin/workspaces/{workspaceId}/users/{userId}` */
        retrieve: (path: { workspaceId: string; userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `GET /admin/workspaces/{workspaceId}/users` */
        list: (query: PortkeyParams & { workspaceId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `DELETE /admin/workspaces/{workspaceId}/users/{userId}` */
        delete: (body: Body<PortkeyParams> & { workspaceId: string; userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
        /** `PUT /admin/workspaces/{workspaceId}/users/{userId}` */
        update: (body: Body<PortkeyParams> & { workspaceId: string; userId: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      }
    }
  }
  readonly virtualKeys: {
    /** `POST /virtual-keys` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /virtual-keys` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /virtual-keys/{slug}` */
    retrieve: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /virtual-keys/{slug}` */
    update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /virtual-keys/{slug}` */
    delete: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly apiKeys: {
    /** `POST /api-keys/{type}/{sub-type}` */
    create: (body: Body<PortkeyParams> & { type: string; 'sub-type': string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /api-keys/{id}` */
    retrieve: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /api-keys/{id}` */
    update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /api-keys` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /api-keys/{id}` */
    delete: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly configs: {
    /** `POST /configs` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /configs/{slug}` */
    retrieve: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /configs/{slug}` */
    update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /configs` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /configs/{slug}` */
    delete: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly integrations: {
    /** `POST /integrations` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /integrations` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /integrations/{slug}` */
    retrieve: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /integrations/{slug}` */
    update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /integrations/{slug}` */
    delete: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    readonly workspaces: {
      /** `PUT /integrations/{slug}/workspaces` */
      update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /integrations/{slug}/workspaces` */
      list: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly models: {
      /** `PUT /integrations/{slug}/models` */
      update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /integrations/{slug}/models` */
      list: (path: { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `DELETE /integrations/{slug}/models` */
      delete: (query: PortkeyParams & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
  }
  readonly providers: {
    /** `GET /providers` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `POST /providers` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /providers/{slug}` */
    retrieve: (query: PortkeyParams & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /providers/{slug}` */
    update: (body: Body<PortkeyParams> & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /providers/{slug}` */
    delete: (query: PortkeyParams & { slug: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly guardrails: {
    /** `POST /guardrails` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /guardrails` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /guardrails/{guardrail_id}` */
    retrieve: (path: { guardrail_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /guardrails/{guardrail_id}` */
    update: (body: Body<PortkeyParams> & { guardrail_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /guardrails/{guardrail_id}` */
    delete: (body: Body<PortkeyParams> & { guardrail_id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly analytics: {
    readonly graphs: {
      /** `GET /analytics/graphs/requests` */
      requests: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/cost` */
      cost: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/latency` */
      latency: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/tokens` */
      tokens: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/users` */
      users: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/users-requests` */
      usersRequests: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/errors` */
      errors: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/errors-rate` */
      errors_rate: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/errors-stack` */
      errors_stack: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/errors-status-code` */
      errors_status_code: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/requests-rescued` */
      requests_rescued: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/cache-hit-rate` */
      cache_hit_rate: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/cache-latency` */
      cache_latency: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/feedbacks` */
      feedbacks: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/feedbacks/score` */
      feedbacks_score: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/feedbacks/weighted` */
      feedbacks_weighted: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/graphs/feedbacks/ai-models` */
      feedback_ai_models: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly groups: {
      /** `GET /analytics/groups/users` */
      users: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/groups/ai-models` */
      aiModels: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/groups/workspaces` */
      workspaces: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/groups/metadata/{metadataKey}` */
      metadata: (metadataKey: string, query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /analytics/groups/{groupBy}` */
      groupedData: (groupBy: string, query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly summary: {
      /** `GET /analytics/summary/cache` */
      cache: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
  }
  readonly mcpServers: {
    /** `POST /mcp-servers` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /mcp-servers` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /mcp-servers/{id}` */
    retrieve: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /mcp-servers/{id}` */
    update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /mcp-servers/{id}` */
    delete: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `POST /mcp-servers/{id}/test` */
    test: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /mcp-servers/{id}/tokens` */
    getTokens: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /mcp-servers/{id}/tokens` */
    setTokens: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /mcp-servers/{id}/tokens` */
    deleteTokens: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /mcp-servers/{id}/client-info` */
    getClientInfo: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    readonly capabilities: {
      /** `GET /mcp-servers/{id}/capabilities` */
      list: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /mcp-servers/{id}/capabilities` */
      update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `POST /mcp-servers/{id}/capabilities/sync` */
      sync: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly userAccess: {
      /** `GET /mcp-servers/{id}/user-access/check` */
      check: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `GET /mcp-servers/{id}/user-access` */
      list: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /mcp-servers/{id}/user-access` */
      update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly metadata: {
      /** `GET /mcp-servers/{id}/metadata` */
      get: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `POST /mcp-servers/{id}/metadata/sync` */
      sync: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly connections: {
      /** `GET /mcp-servers/{id}/connections` */
      list: (query: PortkeyParams & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `DELETE /mcp-servers/{id}/connections` */
      delete: (query: PortkeyParams & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
  }
  readonly mcpIntegrations: {
    /** `POST /mcp-integrations` */
    create: BodyMethod<PortkeyParams, PortkeyAnswer>
    /** `GET /mcp-integrations` */
    list: (query?: PortkeyParams | null, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `GET /mcp-integrations/{id}` */
    retrieve: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `PUT /mcp-integrations/{id}` */
    update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `DELETE /mcp-integrations/{id}` */
    delete: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `POST /mcp-integrations/{id}/sync` */
    sync: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    /** `POST /mcp-integrations/{id}/test` */
    test: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    readonly workspaces: {
      /** `GET /mcp-integrations/{id}/workspaces` */
      list: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /mcp-integrations/{id}/workspaces` */
      update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly capabilities: {
      /** `GET /mcp-integrations/{id}/capabilities` */
      list: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
      /** `PUT /mcp-integrations/{id}/capabilities` */
      update: (body: Body<PortkeyParams> & { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
    readonly metadata: {
      /** `GET /mcp-integrations/{id}/metadata` */
      get: (path: { id: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
    }
  }
  readonly generations: {
    /** Answers with a saved prompt, in the old way. */
    create: (body: PortkeyParams & { promptID: string }, params?: CallParams | null, opts?: CallOptions | null) => APIPromise<Answer<PortkeyAnswer>>
  }
  readonly webhooks: {
    /** The same as `unwrap`, as the official SDK spells it. */
    unwarp: Resources['webhooks']['unwrap']
    /** The event that a webhook brings, once its signature is verified. */
    unwrap: (payload: string, headers: WebhookHeaders, secret?: string | null, tolerance?: number) => Promise<WebhookEvent>
    /** Rejects where a webhook was not signed with the secret within the last `tolerance` seconds (300). */
    verifySignature: (payload: string, headers: WebhookHeaders, secret?: string | null, tolerance?: number) => Promise<void>
  }
}
