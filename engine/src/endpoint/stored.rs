//! Endpoints for what a host keeps: files, batches, fine-tuning, vector stores, evals, containers, conversations, videos.

use super::{DELETE, Endpoint, GET, Gives, PLAIN, Sends};

/// What vector stores need, as assistants do.
pub const ASSISTANTS: &[(&str, &str)] = &[("openai-beta", "assistants=v2")];

pub const ROWS: &[Endpoint] = &[
    Endpoint {
        call: "files.create",
        path: "/files",
        sends: Sends::Form,
        parameters: &["expires_after"],
        types: ["FileCreateParams", "FileObject", ""],
        ..PLAIN
    },
    Endpoint {
        call: "files.list",
        method: GET,
        path: "/files",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["FileListParams", "Page<FileObject>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "files.retrieve",
        method: GET,
        path: "/files/{fileID}",
        sends: Sends::Nothing,
        types: ["", "FileObject", ""],
        ..PLAIN
    },
    Endpoint {
        call: "files.delete",
        method: DELETE,
        path: "/files/{fileID}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "files.content",
        method: GET,
        path: "/files/{fileID}/content",
        sends: Sends::Nothing,
        gives: Gives::Bytes,
        types: ["", "BinaryResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "files.retrieveContent",
        method: GET,
        path: "/files/{fileID}/content",
        sends: Sends::Nothing,
        gives: Gives::Bytes,
        types: ["", "BinaryResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "batches.create",
        path: "/batches",
        parameters: &["completion_window", "input_file_id", "output_expires_after"],
        types: ["BatchCreateParams", "Batch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "batches.retrieve",
        method: GET,
        path: "/batches/{batchID}",
        sends: Sends::Nothing,
        types: ["", "Batch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "batches.list",
        method: GET,
        path: "/batches",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<Batch>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "batches.cancel",
        path: "/batches/{batchID}/cancel",
        sends: Sends::EmptyJson,
        types: ["", "Batch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "batches.output",
        method: GET,
        path: "/batches/{batchId}/output",
        sends: Sends::Nothing,
        gives: Gives::Any,
        types: ["", "string", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.create",
        path: "/fine_tuning/jobs",
        parameters: &["training_file", "validation_file"],
        types: ["FineTuningJobCreateParams", "FineTuningJob", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.retrieve",
        method: GET,
        path: "/fine_tuning/jobs/{fineTuningJobId}",
        sends: Sends::Nothing,
        types: ["", "FineTuningJob", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.list",
        method: GET,
        path: "/fine_tuning/jobs",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["FineTuningJobListParams", "Page<FineTuningJob>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.cancel",
        path: "/fine_tuning/jobs/{fineTuningJobId}/cancel",
        sends: Sends::EmptyJson,
        types: ["", "FineTuningJob", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.pause",
        path: "/fine_tuning/jobs/{fineTuningJobId}/pause",
        sends: Sends::EmptyJson,
        types: ["", "FineTuningJob", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.resume",
        path: "/fine_tuning/jobs/{fineTuningJobId}/resume",
        sends: Sends::EmptyJson,
        types: ["", "FineTuningJob", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.listEvents",
        method: GET,
        path: "/fine_tuning/jobs/{fineTuningJobId}/events",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<FineTuningJobEvent>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.jobs.checkpoints.list",
        method: GET,
        path: "/fine_tuning/jobs/{fineTuningJobId}/checkpoints",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<FineTuningJobCheckpoint>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.checkpoints.permissions.create",
        path: "/fine_tuning/checkpoints/{fineTunedModelCheckpoint}/permissions",
        gives: Gives::Page,
        parameters: &["project_ids"],
        types: ["CheckpointPermissionCreateParams", "Page<CheckpointPermission>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.checkpoints.permissions.retrieve",
        method: GET,
        path: "/fine_tuning/checkpoints/{fineTunedModelCheckpoint}/permissions",
        sends: Sends::Query,
        optional: true,
        parameters: &["project_id"],
        types: ["CheckpointPermissionListParams", "CheckpointPermissionList", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.checkpoints.permissions.delete",
        method: DELETE,
        path: "/fine_tuning/checkpoints/{.fine_tuned_model_checkpoint}/permissions/{permissionID}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.alpha.grader.run",
        path: "/fine_tuning/alpha/graders/run",
        parameters: &["model_sample"],
        types: ["GraderRunParams", "GraderRunResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "fineTuning.alpha.grader.validate",
        path: "/fine_tuning/alpha/graders/validate",
        types: ["GraderValidateParams", "GraderValidateResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.create",
        path: "/vector_stores",
        headers: ASSISTANTS,
        parameters: &["chunking_strategy", "expires_after", "file_ids"],
        types: ["VectorStoreCreateParams", "VectorStore", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.retrieve",
        method: GET,
        path: "/vector_stores/{vectorStoreID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "VectorStore", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.update",
        path: "/vector_stores/{vectorStoreID}",
        headers: ASSISTANTS,
        parameters: &["expires_after"],
        types: ["VectorStoreUpdateParams", "VectorStore", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.list",
        method: GET,
        path: "/vector_stores",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["ListParams", "Page<VectorStore>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.delete",
        method: DELETE,
        path: "/vector_stores/{vectorStoreID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.search",
        path: "/vector_stores/{vectorStoreID}/search",
        gives: Gives::Page,
        headers: ASSISTANTS,
        parameters: &["max_num_results", "ranking_options", "rewrite_query"],
        types: ["VectorStoreSearchParams", "Page<VectorStoreSearchResult>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.create",
        path: "/vector_stores/{vectorStoreID}/files",
        headers: ASSISTANTS,
        parameters: &["chunking_strategy", "file_id"],
        types: ["VectorStoreFileCreateParams", "VectorStoreFile", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.retrieve",
        method: GET,
        path: "/vector_stores/{.vector_store_id}/files/{fileID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "VectorStoreFile", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.list",
        method: GET,
        path: "/vector_stores/{vectorStoreID}/files",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["VectorStoreFileListParams", "Page<VectorStoreFile>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.delete",
        method: DELETE,
        path: "/vector_stores/{.vector_store_id}/files/{fileID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.update",
        path: "/vector_stores/{.vector_store_id}/files/{fileID}",
        headers: ASSISTANTS,
        types: ["VectorStoreFileUpdateParams", "VectorStoreFile", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.files.content",
        method: GET,
        path: "/vector_stores/{.vector_store_id}/files/{fileID}/content",
        sends: Sends::Nothing,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["", "Page<VectorStoreFileContent>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.fileBatches.create",
        path: "/vector_stores/{vectorStoreID}/file_batches",
        headers: ASSISTANTS,
        parameters: &["chunking_strategy", "file_ids"],
        types: ["VectorStoreFileBatchCreateParams", "VectorStoreFileBatch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.fileBatches.retrieve",
        method: GET,
        path: "/vector_stores/{.vector_store_id}/file_batches/{batchID}",
        sends: Sends::Nothing,
        headers: ASSISTANTS,
        types: ["", "VectorStoreFileBatch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.fileBatches.cancel",
        path: "/vector_stores/{.vector_store_id}/file_batches/{batchID}/cancel",
        sends: Sends::EmptyJson,
        headers: ASSISTANTS,
        types: ["", "VectorStoreFileBatch", ""],
        ..PLAIN
    },
    Endpoint {
        call: "vectorStores.fileBatches.listFiles",
        method: GET,
        path: "/vector_stores/{.vector_store_id}/file_batches/{batchID}/files",
        sends: Sends::Query,
        gives: Gives::Page,
        headers: ASSISTANTS,
        types: ["VectorStoreFileListParams", "Page<VectorStoreFile>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "uploads.create",
        path: "/uploads",
        parameters: &["expires_after", "mime_type"],
        types: ["UploadCreateParams", "Upload", ""],
        ..PLAIN
    },
    Endpoint {
        call: "uploads.cancel",
        path: "/uploads/{uploadID}/cancel",
        sends: Sends::EmptyJson,
        types: ["", "Upload", ""],
        ..PLAIN
    },
    Endpoint {
        call: "uploads.complete",
        path: "/uploads/{uploadID}/complete",
        parameters: &["part_ids"],
        types: ["UploadCompleteParams", "Upload", ""],
        ..PLAIN
    },
    Endpoint {
        call: "uploads.parts.create",
        path: "/uploads/{uploadID}/parts",
        sends: Sends::Form,
        types: ["UploadPartCreateParams", "UploadPart", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.create",
        path: "/evals",
        parameters: &["data_source_config", "testing_criteria"],
        types: ["EvalCreateParams", "Eval", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.retrieve",
        method: GET,
        path: "/evals/{evalID}",
        sends: Sends::Nothing,
        types: ["", "Eval", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.update",
        path: "/evals/{evalID}",
        types: ["EvalUpdateParams", "Eval", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.list",
        method: GET,
        path: "/evals",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        parameters: &["order_by"],
        types: ["EvalListParams", "Page<Eval>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.delete",
        method: DELETE,
        path: "/evals/{evalID}",
        sends: Sends::Nothing,
        types: ["", "EvalDeleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.create",
        path: "/evals/{evalID}/runs",
        parameters: &["data_source"],
        types: ["EvalRunCreateParams", "EvalRun", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.retrieve",
        method: GET,
        path: "/evals/{.eval_id}/runs/{runID}",
        sends: Sends::Nothing,
        types: ["", "EvalRun", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.list",
        method: GET,
        path: "/evals/{evalID}/runs",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["EvalRunListParams", "Page<EvalRun>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.delete",
        method: DELETE,
        path: "/evals/{.eval_id}/runs/{runID}",
        sends: Sends::Nothing,
        types: ["", "EvalRunDeleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.cancel",
        path: "/evals/{.eval_id}/runs/{runID}",
        sends: Sends::EmptyJson,
        types: ["", "EvalRun", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.outputItems.retrieve",
        method: GET,
        path: "/evals/{.eval_id}/runs/{.run_id}/output_items/{outputItemID}",
        sends: Sends::Nothing,
        types: ["", "EvalOutputItem", ""],
        ..PLAIN
    },
    Endpoint {
        call: "evals.runs.outputItems.list",
        method: GET,
        path: "/evals/{.eval_id}/runs/{runID}/output_items",
        sends: Sends::Query,
        gives: Gives::Page,
        types: ["EvalOutputItemListParams", "Page<EvalOutputItem>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.create",
        path: "/containers",
        parameters: &["expires_after", "file_ids", "memory_limit", "network_policy"],
        types: ["ContainerCreateParams", "Container", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.retrieve",
        method: GET,
        path: "/containers/{containerID}",
        sends: Sends::Nothing,
        types: ["", "Container", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.list",
        method: GET,
        path: "/containers",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<Container>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.delete",
        method: DELETE,
        path: "/containers/{containerID}",
        sends: Sends::Nothing,
        gives: Gives::Any,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.files.create",
        path: "/containers/{containerID}/files",
        sends: Sends::Form,
        parameters: &["file_id"],
        types: ["ContainerFileCreateParams", "ContainerFile", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.files.retrieve",
        method: GET,
        path: "/containers/{.container_id}/files/{fileID}",
        sends: Sends::Nothing,
        types: ["", "ContainerFile", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.files.list",
        method: GET,
        path: "/containers/{containerID}/files",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<ContainerFile>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.files.delete",
        method: DELETE,
        path: "/containers/{.container_id}/files/{fileID}",
        sends: Sends::Nothing,
        gives: Gives::Any,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "containers.files.content.retrieve",
        method: GET,
        path: "/containers/{.container_id}/files/{fileID}/content",
        sends: Sends::Nothing,
        gives: Gives::Text,
        types: ["", "string", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.create",
        path: "/conversations",
        optional: true,
        types: ["ConversationCreateParams", "Conversation", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.retrieve",
        method: GET,
        path: "/conversations/{conversationID}",
        sends: Sends::Nothing,
        types: ["", "Conversation", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.update",
        path: "/conversations/{conversationID}",
        types: ["ConversationUpdateParams", "Conversation", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.delete",
        method: DELETE,
        path: "/conversations/{conversationID}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.items.create",
        path: "/conversations/{conversationID}/items",
        queried: &["include"],
        types: ["ConversationItemCreateParams", "ConversationItemList", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.items.retrieve",
        method: GET,
        path: "/conversations/{.conversation_id}/items/{itemID}",
        sends: Sends::Query,
        types: ["ConversationItemRetrieveParams", "ConversationItem", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.items.list",
        method: GET,
        path: "/conversations/{conversationID}/items",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ConversationItemListParams", "Page<ConversationItem>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "conversations.items.delete",
        method: DELETE,
        path: "/conversations/{.conversation_id}/items/{itemID}",
        sends: Sends::Nothing,
        types: ["", "Conversation", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.create",
        path: "/videos",
        sends: Sends::FormOrJson,
        parameters: &["input_reference"],
        types: ["VideoCreateParams", "Video", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.retrieve",
        method: GET,
        path: "/videos/{videoID}",
        sends: Sends::Nothing,
        types: ["", "Video", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.list",
        method: GET,
        path: "/videos",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Page,
        types: ["ListParams", "Page<Video>", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.delete",
        method: DELETE,
        path: "/videos/{videoID}",
        sends: Sends::Nothing,
        types: ["", "Deleted", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.downloadContent",
        method: GET,
        path: "/videos/{videoID}/content",
        sends: Sends::Query,
        optional: true,
        gives: Gives::Bytes,
        types: ["VideoDownloadParams", "BinaryResponse", ""],
        ..PLAIN
    },
    Endpoint {
        call: "videos.remix",
        path: "/videos/{videoID}/remix",
        types: ["VideoRemixParams", "Video", ""],
        ..PLAIN
    },
];
