//! The cases of `fixtures/sagemaker`, a test each.

use crate::provider::replay::cases;

cases! {
    &crate::provider::sagemaker::SAGEMAKER,
    chat: [
        error,
        no_endpoint,
        stream,
        stream_exception,
        text,
    ],
    embeddings: [
        text,
    ],
}
