/** Streamed runs: the host's events, what they add, and the events that are made of them. */
import type { APIUserAbortError } from '../index'
import type { Run, RunStep, RunStepToolCall, Thread, ThreadImageFile, ThreadImageURL, ThreadMessage, ThreadText } from './beta'

/** What is added to a thing with an id. */
interface DeltaOf<Name extends string, Delta> {
  id: string
  delta: Delta
  object: Name
}

export interface ThreadMessageDelta {
  content?: ThreadMessageContentDelta[]
  role?: 'user' | 'assistant'
}

/** `index` is the part's place in the message. */
export type ThreadMessageContentDelta =
  | { index: number; type: 'text'; text?: ThreadTextDelta }
  | { index: number; type: 'refusal'; refusal?: string }
  | { index: number; type: 'image_file'; image_file?: Partial<ThreadImageFile> }
  | { index: number; type: 'image_url'; image_url?: Partial<ThreadImageURL> }

export interface ThreadTextDelta {
  annotations?: ThreadAnnotationDelta[]
  value?: string
}

export type ThreadAnnotationDelta =
  | { index: number; type: 'file_citation'; end_index?: number; file_citation?: { file_id?: string; quote?: string }; start_index?: number; text?: string }
  | { index: number; type: 'file_path'; end_index?: number; file_path?: { file_id?: string }; start_index?: number; text?: string }

export interface RunStepDelta {
  step_details?:
    | { type: 'message_creation'; message_creation?: { message_id?: string } }
    | { type: 'tool_calls'; tool_calls?: RunStepToolCallDelta[] }
}

/** `index` is the call's place in the step. */
export type RunStepToolCallDelta =
  | {
    index: number
    type: 'code_interpreter'
    id?: string
    code_interpreter?: {
      input?: string
      outputs?: ({ index: number; type: 'logs'; logs?: string } | { index: number; type: 'image'; image?: { file_id?: string } })[]
    }
  }
  | { index: number; type: 'file_search'; id?: string; file_search: unknown }
  | { index: number; type: 'function'; id?: string; function?: { arguments?: string; name?: string; output?: string | null } }

type RunState =
  | 'created' | 'queued' | 'in_progress' | 'requires_action' | 'completed' | 'incomplete' | 'failed' | 'cancelling' | 'cancelled' | 'expired'
type StepState = 'created' | 'in_progress' | 'completed' | 'failed' | 'cancelled' | 'expired'
type MessageState = 'created' | 'in_progress' | 'completed' | 'incomplete'
/** One event for each state, so that its name tells what it is about. */
type EventOf<Name, Data> = Name extends string ? { event: Name; data: Data } : never

/** One event of a streamed run, and what it is about. */
export type AssistantStreamEvent =
  | { event: 'thread.created'; data: Thread; enabled?: boolean }
  | EventOf<`thread.run.${RunState}`, Run>
  | EventOf<`thread.run.step.${StepState}`, RunStep>
  | { event: 'thread.run.step.delta'; data: DeltaOf<'thread.run.step.delta', RunStepDelta> }
  | EventOf<`thread.message.${MessageState}`, ThreadMessage>
  | { event: 'thread.message.delta'; data: DeltaOf<'thread.message.delta', ThreadMessageDelta> }
  | { event: 'error'; data: { code: string | null; message: string; param: string | null; type: string } }

/** Snapshots are what the deltas so far come to; they change with each. */
export interface AssistantStreamEvents {
  connect: () => void
  /** Each event of the host, before those that are made of it. */
  event: (event: AssistantStreamEvent) => void
  /** Each state of the run. */
  run: (run: Run) => void
  messageCreated: (message: ThreadMessage) => void
  messageDelta: (delta: ThreadMessageDelta, snapshot: ThreadMessage) => void
  messageDone: (message: ThreadMessage) => void
  textCreated: (text: ThreadText) => void
  textDelta: (delta: ThreadTextDelta, snapshot: ThreadText) => void
  textDone: (text: ThreadText, message: ThreadMessage) => void
  imageFileDone: (image: ThreadImageFile, message: ThreadMessage) => void
  runStepCreated: (step: RunStep) => void
  runStepDelta: (delta: RunStepDelta, snapshot: RunStep) => void
  runStepDone: (step: RunStep, snapshot: RunStep) => void
  toolCallCreated: (call: RunStepToolCall) => void
  toolCallDelta: (delta: RunStepToolCallDelta, snapshot: RunStepToolCall) => void
  toolCallDone: (call: RunStepToolCall) => void
  error: (error: Error) => void
  abort: (error: APIUserAbortError) => void
  /** The last event, whatever came of it. */
  end: () => void
}
