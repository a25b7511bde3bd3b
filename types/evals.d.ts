/** Evals: how well a model does what it is asked, judged by graders. */
import type { ResponseFormatJSONObject, ResponseFormatJSONSchema, ResponseFormatText } from './chat'
import type { GraderMessage, LabelModelGrader, PythonGrader, ScoreModelGrader, StringCheckGrader, TextSimilarityGrader } from './fine-tuning'
import type { ChatCompletionFunctionTool } from './messages'
import type { ListParams } from './pages'
import type { EasyInputMessage } from './response-items'
import type { ResponseTool } from './response-tools'
import type { ResponseTextFormat } from './responses'
import type { JSONSchema, Metadata, ReasoningEffort } from './shared'

export type EvalDataSource =
  | { type: 'custom'; item_schema: JSONSchema; include_sample_schema?: boolean }
  | { type: 'logs'; metadata?: { [key: string]: unknown } | null }
  | { type: 'stored_completions'; metadata?: { [key: string]: unknown } | null }

/** What a model that judges is asked; `{{ item.… }}` and `{{ sample.… }}` in it stand for what is judged. */
export type EvalMessage = { role: string; content: string } | GraderMessage

/** A text grader of an eval says from when on it passes. */
type EvalRule = StringCheckGrader | TextSimilarityGrader & { pass_threshold: number } | PythonGrader & { pass_threshold?: number }

export type EvalCriterionParam =
  | EvalRule
  | Omit<LabelModelGrader, 'input'> & { input: EvalMessage[] }
  | ScoreModelGrader & { pass_threshold?: number }

export type EvalCriterion = EvalRule | LabelModelGrader | ScoreModelGrader & { pass_threshold?: number }

export interface EvalCreateParams {
  data_source_config: EvalDataSource
  testing_criteria: EvalCriterionParam[]
  metadata?: Metadata | null
  name?: string
}

export interface EvalUpdateParams {
  metadata?: Metadata | null
  name?: string
}

export interface EvalListParams extends ListParams {
  order_by?: 'created_at' | 'updated_at'
}

export interface Eval {
  id: string
  created_at: number
  data_source_config: { type: 'custom'; schema: JSONSchema } | { type: 'logs' | 'stored_completions'; schema: JSONSchema; metadata?: Metadata | null }
  metadata: Metadata | null
  name: string
  object: 'eval'
  testing_criteria: EvalCriterion[]
}

export interface EvalDeleted {
  deleted: boolean
  eval_id: string
  object: string
}

/** Items in the request, or a file with one in each line. */
type EvalContent =
  | { type: 'file_content'; content: { item: { [key: string]: unknown }; sample?: { [key: string]: unknown } }[] }
  | { type: 'file_id'; id: string }

/** Where the messages are, in the items. */
interface ItemReference {
  type: 'item_reference'
  item_reference: string
}

interface Sampling {
  reasoning_effort?: ReasoningEffort
  seed?: number
  temperature?: number
  top_p?: number
}

/** Answers that are there are judged. */
export interface EvalJSONLSource {
  type: 'jsonl'
  source: EvalContent
}

/** Chat completions are made, and judged. */
export interface EvalCompletionsSource {
  type: 'completions'
  source:
    | EvalContent
    | { type: 'stored_completions'; created_after?: number | null; created_before?: number | null; limit?: number | null; metadata?: Metadata | null; model?: string | null }
  input_messages?: ItemReference | { type: 'template'; template: (EasyInputMessage | GraderMessage)[] }
  model?: string
  sampling_params?: Sampling & {
    max_completion_tokens?: number
    response_format?: ResponseFormatText | ResponseFormatJSONSchema | ResponseFormatJSONObject
    tools?: ChatCompletionFunctionTool[]
  }
}

/** Responses are made, and judged. */
export interface EvalResponsesSource {
  type: 'responses'
  source:
    | EvalContent
    | {
      type: 'responses'
      created_after?: number | null
      created_before?: number | null
      instructions_search?: string | null
      metadata?: unknown
      model?: string | null
      reasoning_effort?: ReasoningEffort
      temperature?: number | null
      tools?: string[] | null
      top_p?: number | null
      users?: string[] | null
    }
  input_messages?: ItemReference | { type: 'template'; template: EvalMessage[] }
  model?: string
  sampling_params?: Sampling & { max_completion_tokens?: number; text?: { format?: ResponseTextFormat }; tools?: ResponseTool[] }
}

export type EvalRunSource = EvalJSONLSource | EvalCompletionsSource | EvalResponsesSource

export interface EvalRunCreateParams {
  /** What is asked, and of which model. */
  data_source: EvalRunSource
  metadata?: Metadata | null
  name?: string
}

export interface EvalRunListParams extends ListParams {
  status?: 'queued' | 'in_progress' | 'completed' | 'canceled' | 'failed'
}

export interface EvalRun {
  id: string
  created_at: number
  data_source: EvalRunSource
  error: { code: string; message: string }
  eval_id: string
  metadata: Metadata | null
  model: string
  name: string
  object: 'eval.run'
  per_model_usage: {
    cached_tokens: number
    completion_tokens: number
    invocation_count: number
    model_name: string
    prompt_tokens: number
    total_tokens: number
  }[]
  per_testing_criteria_results: { failed: number; passed: number; testing_criteria: string }[]
  report_url: string
  result_counts: { errored: number; failed: number; passed: number; total: number }
  status: string
}

export interface EvalRunDeleted {
  deleted?: boolean
  object?: string
  run_id?: string
}

export interface EvalOutputItemListParams extends ListParams {
  status?: 'fail' | 'pass'
}

export interface EvalOutputItem {
  id: string
  created_at: number
  datasource_item: { [key: string]: unknown }
  datasource_item_id: number
  eval_id: string
  object: 'eval.run.output_item'
  results: { name: string; passed: boolean; score: number; sample?: { [key: string]: unknown } | null; type?: string; [key: string]: unknown }[]
  run_id: string
  sample: {
    error: { code: string; message: string }
    finish_reason: string
    input: { content: string; role: string }[]
    max_completion_tokens: number
    model: string
    output: { content?: string; role?: string }[]
    seed: number
    temperature: number
    top_p: number
    usage: { cached_tokens: number; completion_tokens: number; prompt_tokens: number; total_tokens: number }
  }
  status: string
}
