/** Evals: how well a model does what it is asked, judged by graders. */
import type { LabelModelGrader, PythonGrader, ScoreModelGrader, StringCheckGrader, TextSimilarityGrader } from './fine-tuning'
import type { ListParams } from './pages'
import type { Metadata } from './shared'

export type EvalDataSource =
  | { type: 'custom'; item_schema: { [key: string]: unknown }; include_sample_schema?: boolean }
  | { type: 'logs'; metadata?: { [key: string]: unknown } | null }
  | { type: 'stored_completions'; metadata?: { [key: string]: unknown } | null }

/** A text grader of an eval says from when on it passes. */
export type EvalCriterion =
  | Omit<LabelModelGrader, 'input'> & { input: any[] }
  | StringCheckGrader
  | TextSimilarityGrader & { pass_threshold: number }
  | PythonGrader & { pass_threshold?: number }
  | Omit<ScoreModelGrader, 'input'> & { input: any[]; pass_threshold?: number }

export interface EvalCreateParams {
  data_source_config: EvalDataSource
  testing_criteria: EvalCriterion[]
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
  data_source_config: { type: 'custom' | 'logs' | 'stored_completions'; schema: { [key: string]: unknown }; metadata?: Metadata | null }
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

export interface EvalRunCreateParams {
  /** What is asked, and of which model: `jsonl`, `completions` or `responses`. */
  data_source: { type: 'jsonl' | 'completions' | 'responses'; source: any; [key: string]: any }
  metadata?: Metadata | null
  name?: string
}

export interface EvalRunListParams extends ListParams {
  status?: 'queued' | 'in_progress' | 'completed' | 'canceled' | 'failed'
}

export interface EvalRun {
  id: string
  created_at: number
  data_source: { type: 'jsonl' | 'completions' | 'responses'; [key: string]: any }
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
