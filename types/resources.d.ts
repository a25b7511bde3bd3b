/** The tree of methods, one line each. Written by tools/derive.mjs from the engine's endpoint table. */
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParamsBase } from './chat'
import type { Completion, CompletionCreateParamsBase } from './completions'
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from './embeddings'
import type { ChatParseMethod, ChatRunToolsMethod, ChatStreamMethod } from './helpers'
import type { BodyMethod, ListMethod, RetrieveMethod, StreamMethod } from './method'
import type { Model, ModelList } from './models'
import type { ModerationCreateParams, ModerationCreateResponse } from './moderations'

export interface Resources {
  readonly chat: {
    readonly completions: {
      /** `POST /chat/completions` */
      create: StreamMethod<ChatCompletionCreateParamsBase, ChatCompletion, ChatCompletionChunk>
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
  readonly models: {
    /** `GET /models` */
    list: ListMethod<ModelList>
    /** `GET /models/{model}` */
    retrieve: RetrieveMethod<Model>
  }
  readonly moderations: {
    /** `POST /moderations` */
    create: BodyMethod<ModerationCreateParams, ModerationCreateResponse>
  }
}
