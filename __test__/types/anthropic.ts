/** Messages' values fit from the `@anthropic-ai/sdk` package's types to ours, and the other way as far as no built-in tools are in them. */
import type Portkey from 'portkey-native'
import type {
  APIPromise, Answer, ContentBlock, ContentBlockParam, Message, MessageCreateParams, MessageCreateParamsNonStreaming,
  MessageCreateParamsStreaming, MessageParam, MessageStreamEvent, MessageUsage, Stream,
} from 'portkey-native'
import type {
  ContentBlockStopEvent, ImageBlockParam, MessageToolChoice, MessageToolUnion, StopReason, TextBlockParam, ThinkingBlock,
} from '../../types/messages-api'
import type Anthropic from '@anthropic-ai/sdk'
import { expectTypeOf } from 'expect-type'

/** Fails to compile unless ours takes theirs. */
declare function fits<Ours, Theirs extends Ours>(): [Ours, Theirs]

fits<Message, Anthropic.Message>()
fits<ContentBlock, Anthropic.ContentBlock>()
fits<ContentBlockParam, Anthropic.ContentBlockParam>()
fits<MessageParam, Anthropic.MessageParam>()
fits<MessageStreamEvent, Anthropic.RawMessageStreamEvent>()
fits<MessageCreateParams, Anthropic.MessageCreateParams>()
fits<MessageCreateParamsNonStreaming, Anthropic.MessageCreateParamsNonStreaming>()
fits<MessageCreateParamsStreaming, Anthropic.MessageCreateParamsStreaming>()
fits<MessageUsage, Anthropic.Usage>()
fits<MessageToolUnion, Anthropic.ToolUnion>()
fits<Anthropic.TextBlockParam['text'], TextBlockParam['text']>()
fits<Anthropic.ImageBlockParam['type'], ImageBlockParam['type']>()
fits<Anthropic.ThinkingBlock, ThinkingBlock>()
fits<Anthropic.ContentBlockStopEvent, ContentBlockStopEvent>()
fits<Anthropic.ToolChoice, MessageToolChoice>()
fits<MessageToolChoice, Anthropic.ToolChoice>()
expectTypeOf<StopReason>().toEqualTypeOf<Anthropic.StopReason>()
expectTypeOf<Exclude<keyof Anthropic.Message, keyof Message>>().toEqualTypeOf<never>()
expectTypeOf<Exclude<keyof Anthropic.MessageCreateParams, keyof MessageCreateParams>>().toEqualTypeOf<never>()
expectTypeOf<Anthropic.RawMessageStreamEvent['type']>().toEqualTypeOf<MessageStreamEvent['type']>()

// What was made for the one client can be given to the other.
declare const ours: Portkey
declare const whole: Anthropic.MessageCreateParamsNonStreaming
declare const streaming: Anthropic.MessageCreateParamsStreaming
expectTypeOf(ours.messages.create(whole)).toEqualTypeOf<APIPromise<Answer<Message>>>()
expectTypeOf(ours.messages.create(streaming)).toEqualTypeOf<APIPromise<Stream<MessageStreamEvent>>>()
