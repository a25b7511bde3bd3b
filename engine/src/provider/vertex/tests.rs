//! What a case is too coarse for.

use crate::provider::dialect::Settings;
use crate::provider::fixtures::settings;
use crate::provider::{Provider, google};

#[test]
fn the_region_says_where_the_service_is() {
    assert_eq!(super::VERTEX.base_url(), None);
    let told = super::VERTEX.base_url_for(&settings(&[(super::REGION, "us-east5")]));
    assert_eq!(told.as_deref(), Some("https://us-east5-aiplatform.googleapis.com"));
    assert_eq!(super::VERTEX.base_url_for(&Settings::default()), None);
    assert_eq!(google::GOOGLE.base_url_for(&Settings::default()).as_deref(), google::GOOGLE.base_url());
}
