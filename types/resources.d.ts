/** The tree of methods, one line each. Written by tools/derive.mjs from the engine's endpoint table. */
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParamsBase } from './chat'
import type { Completion, CompletionCreateParamsBase } from './completions'
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from './embeddings'
import type { Message, MessageCreateParamsBase, MessageStreamEvent } from './messages-api'
import type { BodyMethod, ListMethod, RetrieveMethod, StreamMethod } from './method'
import type { Model, ModelList } from './models'
import type { ModerationCreateParams, ModerationCreateResponse } from './moderations'
import type { Response, ResponseCreateParamsBase, ResponseStreamEvent } from './responses'

export interface Resources {
  readonly chat: {
    readonly completions: {
      /** `POST /chat/completions` */
      create: StreamMethod<ChatCompletionCreateParamsBase, ChatCompletion, ChatCompletionChunk>
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
  readonly messages: {
    /** `POST /messages` */
    create: StreamMethod<MessageCreateParamsBase, Message, MessageStreamEvent>
  }
  readonly responses: {
    /** `POST /responses` */
    create: StreamMethod<ResponseCreateParamsBase, Response, ResponseStreamEvent>
  }
}
