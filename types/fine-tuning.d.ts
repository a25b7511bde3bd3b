/** Fine-tuning: models of one's own, and what grades their answers. */
import type { ListParams } from './pages'
import type { Metadata, ReasoningEffort } from './shared'

type Auto = 'auto' | number

export interface FineTuningJobCreateParams {
  model: string
  /** The identifier of an uploaded file. */
  training_file: string
  /** Of the supervised method, in its old place. */
  hyperparameters?: FineTuningHyperparameters
  integrations?: FineTuningIntegration[] | null
  metadata?: Metadata | null
  method?: FineTuningMethod
  seed?: number | null
  suffix?: string | null
  validation_file?: string | null
}

export interface FineTuningHyperparameters {
  batch_size?: Auto
  learning_rate_multiplier?: Auto
  n_epochs?: Auto
}

export interface FineTuningMethod {
  type: 'supervised' | 'dpo' | 'reinforcement'
  dpo?: { hyperparameters?: FineTuningHyperparameters & { beta?: Auto } }
  reinforcement?: {
    grader: Grader
    hyperparameters?: FineTuningHyperparameters & {
      compute_multiplier?: Auto
      eval_interval?: Auto
      eval_samples?: Auto
      reasoning_effort?: 'default' | 'low' | 'medium' | 'high'
    }
  }
  supervised?: { hyperparameters?: FineTuningHyperparameters }
}

export interface FineTuningIntegration {
  type: 'wandb'
  wandb: { project: string; entity?: string | null; name?: string | null; tags?: string[] }
}

export interface FineTuningJobListParams extends ListParams {
  metadata?: Metadata | null
}

export interface FineTuningJob {
  id: string
  created_at: number
  error: { code: string; message: string; param: string | null } | null
  fine_tuned_model: string | null
  finished_at: number | null
  hyperparameters: { batch_size?: Auto | null; learning_rate_multiplier?: Auto; n_epochs?: Auto }
  model: string
  object: 'fine_tuning.job'
  organization_id: string
  result_files: string[]
  seed: number
  status: 'validating_files' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'paused'
  trained_tokens: number | null
  training_file: string
  validation_file: string | null
  estimated_finish?: number | null
  integrations?: FineTuningIntegration[] | null
  metadata?: Metadata | null
  method?: FineTuningMethod
}

export interface FineTuningJobEvent {
  id: string
  created_at: number
  level: 'info' | 'warn' | 'error'
  message: string
  object: 'fine_tuning.job.event'
  data?: unknown
  type?: 'message' | 'metrics'
}

export interface FineTuningJobCheckpoint {
  id: string
  created_at: number
  fine_tuned_model_checkpoint: string
  fine_tuning_job_id: string
  metrics: {
    full_valid_loss?: number
    full_valid_mean_token_accuracy?: number
    step?: number
    train_loss?: number
    train_mean_token_accuracy?: number
    valid_loss?: number
    valid_mean_token_accuracy?: number
  }
  object: 'fine_tuning.job.checkpoint'
  step_number: number
}

export interface CheckpointPermissionCreateParams {
  project_ids: string[]
}

export interface CheckpointPermissionListParams {
  after?: string
  limit?: number
  order?: 'ascending' | 'descending'
  project_id?: string
}

export interface CheckpointPermission {
  id: string
  created_at: number
  object: 'checkpoint.permission'
  project_id: string
}

export interface CheckpointPermissionList {
  data: CheckpointPermission[]
  has_more: boolean
  object: 'list'
  first_id?: string | null
  last_id?: string | null
}

export type Grader = StringCheckGrader | TextSimilarityGrader | PythonGrader | ScoreModelGrader | MultiGrader

export interface StringCheckGrader {
  type: 'string_check'
  input: string
  name: string
  operation: 'eq' | 'ne' | 'like' | 'ilike'
  reference: string
}

export interface TextSimilarityGrader {
  type: 'text_similarity'
  evaluation_metric:
    | 'cosine' | 'fuzzy_match' | 'bleu' | 'gleu' | 'meteor' | 'rouge_1' | 'rouge_2' | 'rouge_3' | 'rouge_4' | 'rouge_5' | 'rouge_l'
  input: string
  name: string
  reference: string
}

export interface PythonGrader {
  type: 'python'
  name: string
  source: string
  image_tag?: string
}

export type GraderContent =
  | { type: 'input_text'; text: string; prompt_cache_breakpoint?: { mode: 'explicit' } }
  | { type: 'output_text'; text: string }
  | { type: 'input_image'; image_url: string; detail?: string }
  | { type: 'input_audio'; input_audio: { data: string; format: 'mp3' | 'wav' } }

export interface GraderMessage {
  role: 'user' | 'assistant' | 'system' | 'developer'
  content: string | GraderContent | (string | GraderContent)[]
  type?: 'message'
}

export interface ScoreModelGrader {
  type: 'score_model'
  input: GraderMessage[]
  model: string
  name: string
  range?: number[]
  sampling_params?: {
    max_completions_tokens?: number | null
    reasoning_effort?: ReasoningEffort
    seed?: number | null
    temperature?: number | null
    top_p?: number | null
  }
}

export interface LabelModelGrader {
  type: 'label_model'
  input: GraderMessage[]
  labels: string[]
  model: string
  name: string
  passing_labels: string[]
}

export interface MultiGrader {
  type: 'multi'
  calculate_output: string
  graders: StringCheckGrader | TextSimilarityGrader | PythonGrader | ScoreModelGrader | LabelModelGrader
  name: string
}

export interface GraderRunParams {
  grader: Grader
  model_sample: string
  item?: unknown
}

export interface GraderRunResponse {
  metadata: {
    errors: { [name: string]: any }
    execution_time: number
    name: string
    sampled_model_name: string | null
    scores: { [name: string]: unknown }
    token_usage: number | null
    type: string
  }
  model_grader_token_usage_per_model: { [model: string]: unknown }
  reward: number
  sub_rewards: { [name: string]: unknown }
}

export interface GraderValidateParams {
  grader: Grader
}

export interface GraderValidateResponse {
  grader?: Grader
}
