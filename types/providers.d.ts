/** Options of single providers. Written by tools/derive.mjs from the engine's provider table. */
type Value = string | null | undefined

/** As options of a client or of a call. */
export interface ProviderOptions {
  /** the version of Anthropic's API, for its models. */
  anthropicVersion?: Value
  /** Anthropic's beta features, for its models. */
  anthropicBeta?: Value
  /** the endpoint's URL as Foundry shows it. */
  azureFoundryUrl?: Value
  /** v1 (default), preview, or a date such as 2024-10-21. */
  azureApiVersion?: Value
  /** the deployment to ask. */
  azureDeploymentName?: Value
  /** what Azure does with parameters it doesn't know: drop (default), pass-through or error. */
  azureExtraParameters?: Value
  /** entra: by an Entra token, given or granted for a client's secret; managed: by the machine's identity. */
  azureAuthMode?: Value
  /** an Entra token, in place of the key. */
  azureAdToken?: Value
  /** the Entra tenant whose client asks for tokens. */
  azureEntraTenantId?: Value
  /** the id of the client that asks for tokens. */
  azureEntraClientId?: Value
  /** the client's secret. */
  azureEntraClientSecret?: Value
  /** what tokens are for, https://cognitiveservices.azure.com/.default when left out. */
  azureEntraScope?: Value
  /** the client id of a user-assigned identity; else the machine's own. */
  azureManagedClientId?: Value
  /** where tokens are granted, in place of https://login.microsoftonline.com. */
  azureAuthorityHost?: Value
  /** the resource's name, the first part of its host. */
  azureResourceName?: Value
  /** the deployment; else the body's model. */
  azureDeploymentId?: Value
  /** the access key's id. */
  awsAccessKeyId?: Value
  /** the access key's secret. */
  awsSecretAccessKey?: Value
  /** the token of a temporary access key. */
  awsSessionToken?: Value
  /** the region, such as us-east-1. */
  awsRegion?: Value
  /** accessKey (signed requests, the default), assumedRole (the same with a role's keys) or apiKey (Authorization is a bearer token). */
  awsAuthType?: Value
  /** the role to assume, as its ARN. */
  awsRoleArn?: Value
  /** the external id that the role asks for. */
  awsExternalId?: Value
  /** where the role's keys are granted, in place of AWS's own address in the region. */
  awsStsEndpoint?: Value
  /** the account's identifier, as in its URL. */
  snowflakeAccount?: Value
  /** KEYPAIR_JWT, OAUTH or PROGRAMMATIC_ACCESS_TOKEN. */
  snowflakeTokenType?: Value
  /** a dedicated endpoint's URL, in place of the router's. */
  huggingfaceBaseUrl?: Value
  /** true sends chat completions to /fim/completions, with prompt and suffix. */
  mistralFimCompletion?: Value
  /** the tenancy's OCID. */
  oracleTenancy?: Value
  /** the user's OCID. */
  oracleUser?: Value
  /** the API key's fingerprint. */
  oracleFingerprint?: Value
  /** the API key itself, as PEM without a passphrase. */
  oraclePrivateKey?: Value
  /** the compartment's OCID. */
  oracleCompartmentId?: Value
  /** the region, such as us-chicago-1. */
  oracleRegion?: Value
  /** the API's version (default 20231130). */
  oracleApiVersion?: Value
  /** ON_DEMAND (default) or DEDICATED. */
  oracleServingMode?: Value
  /** what the container is told beside the body. */
  amznSagemakerCustomAttributes?: Value
  /** the model of a multi-model endpoint. */
  amznSagemakerTargetModel?: Value
  /** the production variant that is to answer. */
  amznSagemakerTargetVariant?: Value
  /** the container of a multi-container endpoint. */
  amznSagemakerTargetContainerHostname?: Value
  /** the id of the call in captured data. */
  amznSagemakerInferenceId?: Value
  /** the condition under which Clarify explains. */
  amznSagemakerEnableExplanations?: Value
  /** the inference component to invoke. */
  amznSagemakerInferenceComponent?: Value
  /** the stateful session to use. */
  amznSagemakerSessionId?: Value
  /** the region, such as us-central1, or global. */
  vertexRegion?: Value
  /** the project's id; a service account brings its own. */
  vertexProjectId?: Value
  /** a service account's key file, as JSON text, in place of an access token as the key. */
  vertexServiceAccountJson?: Value
  /** the Cloudflare account's identifier. */
  workersAiAccountId?: Value
}

/** As keys of a config's target, in both spellings. */
export interface ProviderConfig extends ProviderOptions {
  /** the version of Anthropic's API, for its models. */
  anthropic_version?: Value
  /** Anthropic's beta features, for its models. */
  anthropic_beta?: Value
  /** the endpoint's URL as Foundry shows it. */
  azure_foundry_url?: Value
  /** v1 (default), preview, or a date such as 2024-10-21. */
  azure_api_version?: Value
  /** the deployment to ask. */
  azure_deployment_name?: Value
  /** what Azure does with parameters it doesn't know: drop (default), pass-through or error. */
  azure_extra_parameters?: Value
  /** entra: by an Entra token, given or granted for a client's secret; managed: by the machine's identity. */
  azure_auth_mode?: Value
  /** an Entra token, in place of the key. */
  azure_ad_token?: Value
  /** the Entra tenant whose client asks for tokens. */
  azure_entra_tenant_id?: Value
  /** the id of the client that asks for tokens. */
  azure_entra_client_id?: Value
  /** the client's secret. */
  azure_entra_client_secret?: Value
  /** what tokens are for, https://cognitiveservices.azure.com/.default when left out. */
  azure_entra_scope?: Value
  /** the client id of a user-assigned identity; else the machine's own. */
  azure_managed_client_id?: Value
  /** where tokens are granted, in place of https://login.microsoftonline.com. */
  azure_authority_host?: Value
  /** the resource's name, the first part of its host. */
  azure_resource_name?: Value
  /** the deployment; else the body's model. */
  azure_deployment_id?: Value
  /** the access key's id. */
  aws_access_key_id?: Value
  /** the access key's secret. */
  aws_secret_access_key?: Value
  /** the token of a temporary access key. */
  aws_session_token?: Value
  /** the region, such as us-east-1. */
  aws_region?: Value
  /** accessKey (signed requests, the default), assumedRole (the same with a role's keys) or apiKey (Authorization is a bearer token). */
  aws_auth_type?: Value
  /** the role to assume, as its ARN. */
  aws_role_arn?: Value
  /** the external id that the role asks for. */
  aws_external_id?: Value
  /** where the role's keys are granted, in place of AWS's own address in the region. */
  aws_sts_endpoint?: Value
  /** the account's identifier, as in its URL. */
  snowflake_account?: Value
  /** KEYPAIR_JWT, OAUTH or PROGRAMMATIC_ACCESS_TOKEN. */
  snowflake_token_type?: Value
  /** a dedicated endpoint's URL, in place of the router's. */
  huggingface_base_url?: Value
  /** true sends chat completions to /fim/completions, with prompt and suffix. */
  mistral_fim_completion?: Value
  /** the tenancy's OCID. */
  oracle_tenancy?: Value
  /** the user's OCID. */
  oracle_user?: Value
  /** the API key's fingerprint. */
  oracle_fingerprint?: Value
  /** the API key itself, as PEM without a passphrase. */
  oracle_private_key?: Value
  /** the compartment's OCID. */
  oracle_compartment_id?: Value
  /** the region, such as us-chicago-1. */
  oracle_region?: Value
  /** the API's version (default 20231130). */
  oracle_api_version?: Value
  /** ON_DEMAND (default) or DEDICATED. */
  oracle_serving_mode?: Value
  /** what the container is told beside the body. */
  amzn_sagemaker_custom_attributes?: Value
  /** the model of a multi-model endpoint. */
  amzn_sagemaker_target_model?: Value
  /** the production variant that is to answer. */
  amzn_sagemaker_target_variant?: Value
  /** the container of a multi-container endpoint. */
  amzn_sagemaker_target_container_hostname?: Value
  /** the id of the call in captured data. */
  amzn_sagemaker_inference_id?: Value
  /** the condition under which Clarify explains. */
  amzn_sagemaker_enable_explanations?: Value
  /** the inference component to invoke. */
  amzn_sagemaker_inference_component?: Value
  /** the stateful session to use. */
  amzn_sagemaker_session_id?: Value
  /** the region, such as us-central1, or global. */
  vertex_region?: Value
  /** the project's id; a service account brings its own. */
  vertex_project_id?: Value
  /** a service account's key file, as JSON text, in place of an access token as the key. */
  vertex_service_account_json?: Value
  /** the Cloudflare account's identifier. */
  workers_ai_account_id?: Value
}
