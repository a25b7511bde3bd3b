//! Portkey's own endpoints: what its gateway alone knows (prompts, feedback, logs), and its control plane. A Portkey gateway
//! answers them, no provider does. Their parameters are in `snake_case`; the SDK takes them in camelCase too.

use ::http::Method;

use super::{DELETE, Endpoint, GET, Gives, PLAIN, POST, PUT, Plane, Sends, Streamed};

const fn control(method: &'static Method, path: &'static str, call: &'static str, sends: Sends) -> Endpoint {
    let params = match sends {
        Sends::Nothing if !is_in(b'{', path) => "",
        _ => "PortkeyParams",
    };
    Endpoint {
        call,
        method,
        path,
        sends,
        optional: matches!(sends, Sends::Query) && !is_in(b'.', path) && !is_in(b'+', path),
        gives: Gives::Any,
        plane: Plane::Control,
        types: [params, "PortkeyAnswer", ""],
        ..PLAIN
    }
}

const fn hosted(method: &'static Method, path: &'static str, call: &'static str, sends: Sends) -> Endpoint {
    Endpoint { plane: Plane::Hosted, ..control(method, path, call, sends) }
}

const fn is_in(letter: u8, text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == letter {
            return true;
        }
        at += 1;
    }
    false
}

pub const ROWS: &[Endpoint] = &[
    hosted(POST, "/prompts/{.promptID}/generate", "generations.create", Sends::Json),
    hosted(POST, "/prompts/{+promptID}/render", "prompts.render", Sends::Json),
    Endpoint {
        streamed: Streamed::Chunks,
        types: ["PortkeyParams", "PortkeyAnswer", "PortkeyAnswer"],
        ..hosted(POST, "/prompts/{.promptID}/completions", "prompts.completions.create", Sends::Json)
    },
    hosted(POST, "/feedback", "feedback.create", Sends::Json),
    hosted(PUT, "/feedback/{+feedbackID}", "feedback.update", Sends::Json),
    hosted(POST, "/logs", "logs.create", Sends::Json),
];

pub const CONTROL: &[Endpoint] = &[
    control(POST, "/prompts", "prompts.create", Sends::Json),
    control(GET, "/prompts", "prompts.list", Sends::Query),
    control(GET, "/prompts/{promptSlug}", "prompts.retrieve", Sends::Nothing),
    control(PUT, "/prompts/{promptSlug}", "prompts.update", Sends::Json),
    control(DELETE, "/prompts/{promptSlug}", "prompts.delete", Sends::Nothing),
    control(PUT, "/prompts/{promptSlug}/makeDefault", "prompts.publish", Sends::Json),
    control(GET, "/prompts/{promptSlug}/versions", "prompts.versions.list", Sends::Nothing),
    control(GET, "/prompts/{promptSlug}/versions/{versionId}", "prompts.versions.retrieve", Sends::Nothing),
    control(PUT, "/prompts/{promptSlug}/versions/{versionId}", "prompts.versions.update", Sends::Json),
    control(POST, "/prompts/partials", "prompts.partials.create", Sends::Json),
    control(GET, "/prompts/partials", "prompts.partials.list", Sends::Query),
    control(GET, "/prompts/partials/{promptPartialSlug}", "prompts.partials.retrieve", Sends::Nothing),
    control(PUT, "/prompts/partials/{promptPartialSlug}", "prompts.partials.update", Sends::Json),
    control(DELETE, "/prompts/partials/{promptPartialSlug}", "prompts.partials.delete", Sends::Nothing),
    control(
        PUT,
        "/prompts/partials/{promptPartialSlug}/makeDefault",
        "prompts.partials.publish",
        Sends::Json,
    ),
    control(
        GET,
        "/prompts/partials/{promptPartialSlug}/versions",
        "prompts.partials.versions.list",
        Sends::Nothing,
    ),
    control(POST, "/labels", "labels.create", Sends::Json),
    control(GET, "/labels", "labels.list", Sends::Query),
    control(GET, "/labels/{labelId}", "labels.retrieve", Sends::Nothing),
    control(PUT, "/labels/{labelId}", "labels.update", Sends::Json),
    control(DELETE, "/labels/{labelId}", "labels.delete", Sends::Nothing),
    control(POST, "/collections", "collections.create", Sends::Json),
    control(GET, "/collections", "collections.list", Sends::Query),
    control(GET, "/collections/{collectionId}", "collections.retrieve", Sends::Nothing),
    control(PUT, "/collections/{collectionId}", "collections.update", Sends::Json),
    control(DELETE, "/collections/{collectionId}", "collections.delete", Sends::Nothing),
    control(GET, "/admin/users/{.userId}", "admin.users.retrieve", Sends::Nothing),
    control(GET, "/admin/users", "admin.users.list", Sends::Query),
    control(PUT, "/admin/users/{.userId}", "admin.users.update", Sends::Json),
    control(DELETE, "/admin/users/{+userId}", "admin.users.delete", Sends::Json),
    control(POST, "/admin/users/invites", "admin.users.invites.create", Sends::Json),
    control(GET, "/admin/users/invites/{.inviteId}", "admin.users.invites.retrieve", Sends::Nothing),
    control(GET, "/admin/users/invites", "admin.users.invites.list", Sends::Query),
    control(DELETE, "/admin/users/invites/{+inviteId}", "admin.users.invites.delete", Sends::Json),
    control(POST, "/admin/users/invites/{.inviteId}/resend", "admin.users.invites.resend", Sends::Nothing),
    control(POST, "/admin/workspaces", "admin.workspaces.create", Sends::Json),
    control(GET, "/admin/workspaces/{.workspaceId}", "admin.workspaces.retrieve", Sends::Nothing),
    control(GET, "/admin/workspaces", "admin.workspaces.list", Sends::Query),
    control(PUT, "/admin/workspaces/{.workspaceId}", "admin.workspaces.update", Sends::Json),
    control(DELETE, "/admin/workspaces/{+workspaceId}", "admin.workspaces.delete", Sends::Json),
    control(POST, "/admin/workspaces/{+workspaceId}/users", "admin.workspaces.users.create", Sends::Json),
    control(
        GET,
        "/admin/workspaces/{.workspaceId}/users/{.userId}",
        "admin.workspaces.users.retrieve",
        Sends::Nothing,
    ),
    control(GET, "/admin/workspaces/{+workspaceId}/users", "admin.workspaces.users.list", Sends::Query),
    control(
        DELETE,
        "/admin/workspaces/{+workspaceId}/users/{+userId}",
        "admin.workspaces.users.delete",
        Sends::Json,
    ),
    control(
        PUT,
        "/admin/workspaces/{.workspaceId}/users/{+userId}",
        "admin.workspaces.users.update",
        Sends::Json,
    ),
    control(POST, "/virtual-keys", "virtualKeys.create", Sends::Json),
    control(GET, "/virtual-keys", "virtualKeys.list", Sends::Query),
    control(GET, "/virtual-keys/{.slug}", "virtualKeys.retrieve", Sends::Nothing),
    control(PUT, "/virtual-keys/{.slug}", "virtualKeys.update", Sends::Json),
    control(DELETE, "/virtual-keys/{.slug}", "virtualKeys.delete", Sends::Nothing),
    control(POST, "/api-keys/{+type}/{+sub-type}", "apiKeys.create", Sends::Json),
    control(GET, "/api-keys/{.id}", "apiKeys.retrieve", Sends::Nothing),
    control(PUT, "/api-keys/{+id}", "apiKeys.update", Sends::Json),
    control(GET, "/api-keys", "apiKeys.list", Sends::Query),
    control(DELETE, "/api-keys/{+id}", "apiKeys.delete", Sends::Json),
    control(POST, "/configs", "configs.create", Sends::Json),
    control(GET, "/configs/{.slug}", "configs.retrieve", Sends::Nothing),
    control(PUT, "/configs/{+slug}", "configs.update", Sends::Json),
    control(GET, "/configs", "configs.list", Sends::Query),
    control(DELETE, "/configs/{.slug|id}", "configs.delete", Sends::Nothing),
    control(POST, "/logs/exports", "logs.exports.create", Sends::Json),
    control(GET, "/logs/exports/{.exportId}", "logs.exports.retrieve", Sends::Nothing),
    Endpoint {
        parameters: &["workspace_id"],
        ..control(GET, "/logs/exports", "logs.exports.list", Sends::Query)
    },
    control(PUT, "/logs/exports/{+exportId}", "logs.exports.update", Sends::Json),
    control(POST, "/logs/exports/{+exportId}/start", "logs.exports.start", Sends::Json),
    control(POST, "/logs/exports/{+exportId}/cancel", "logs.exports.cancel", Sends::Json),
    control(GET, "/logs/exports/{.exportId}/download", "logs.exports.download", Sends::Nothing),
    control(POST, "/integrations", "integrations.create", Sends::Json),
    control(GET, "/integrations", "integrations.list", Sends::Query),
    control(GET, "/integrations/{.slug}", "integrations.retrieve", Sends::Nothing),
    control(PUT, "/integrations/{.slug}", "integrations.update", Sends::Json),
    control(DELETE, "/integrations/{.slug}", "integrations.delete", Sends::Nothing),
    control(PUT, "/integrations/{.slug}/workspaces", "integrations.workspaces.update", Sends::Json),
    control(GET, "/integrations/{.slug}/workspaces", "integrations.workspaces.list", Sends::Nothing),
    control(PUT, "/integrations/{.slug}/models", "integrations.models.update", Sends::Json),
    control(GET, "/integrations/{.slug}/models", "integrations.models.list", Sends::Nothing),
    control(DELETE, "/integrations/{.slug}/models", "integrations.models.delete", Sends::Query),
    control(GET, "/providers", "providers.list", Sends::Query),
    control(POST, "/providers", "providers.create", Sends::Json),
    control(GET, "/providers/{.slug}", "providers.retrieve", Sends::Query),
    control(PUT, "/providers/{.slug}", "providers.update", Sends::Json),
    control(DELETE, "/providers/{.slug}", "providers.delete", Sends::Query),
    control(POST, "/guardrails", "guardrails.create", Sends::Json),
    control(GET, "/guardrails", "guardrails.list", Sends::Query),
    control(GET, "/guardrails/{.guardrail_id}", "guardrails.retrieve", Sends::Nothing),
    control(PUT, "/guardrails/{.guardrail_id}", "guardrails.update", Sends::Json),
    control(DELETE, "/guardrails/{+guardrail_id}", "guardrails.delete", Sends::Json),
    control(GET, "/analytics/graphs/requests", "analytics.graphs.requests", Sends::Query),
    control(GET, "/analytics/graphs/cost", "analytics.graphs.cost", Sends::Query),
    control(GET, "/analytics/graphs/latency", "analytics.graphs.latency", Sends::Query),
    control(GET, "/analytics/graphs/tokens", "analytics.graphs.tokens", Sends::Query),
    control(GET, "/analytics/graphs/users", "analytics.graphs.users", Sends::Query),
    control(GET, "/analytics/graphs/users-requests", "analytics.graphs.usersRequests", Sends::Query),
    control(GET, "/analytics/graphs/errors", "analytics.graphs.errors", Sends::Query),
    control(GET, "/analytics/graphs/errors-rate", "analytics.graphs.errors_rate", Sends::Query),
    control(GET, "/analytics/graphs/errors-stack", "analytics.graphs.errors_stack", Sends::Query),
    control(GET, "/analytics/graphs/errors-status-code", "analytics.graphs.errors_status_code", Sends::Query),
    control(GET, "/analytics/graphs/requests-rescued", "analytics.graphs.requests_rescued", Sends::Query),
    control(GET, "/analytics/graphs/cache-hit-rate", "analytics.graphs.cache_hit_rate", Sends::Query),
    control(GET, "/analytics/graphs/cache-latency", "analytics.graphs.cache_latency", Sends::Query),
    control(GET, "/analytics/graphs/feedbacks", "analytics.graphs.feedbacks", Sends::Query),
    control(GET, "/analytics/graphs/feedbacks/score", "analytics.graphs.feedbacks_score", Sends::Query),
    control(GET, "/analytics/graphs/feedbacks/weighted", "analytics.graphs.feedbacks_weighted", Sends::Query),
    control(
        GET,
        "/analytics/graphs/feedbacks/ai-models",
        "analytics.graphs.feedback_ai_models",
        Sends::Query,
    ),
    control(GET, "/analytics/groups/users", "analytics.groups.users", Sends::Query),
    control(GET, "/analytics/groups/ai-models", "analytics.groups.aiModels", Sends::Query),
    control(GET, "/analytics/groups/workspaces", "analytics.groups.workspaces", Sends::Query),
    control(GET, "/analytics/groups/metadata/{metadataKey}", "analytics.groups.metadata", Sends::Query),
    control(GET, "/analytics/groups/{groupBy}", "analytics.groups.groupedData", Sends::Query),
    control(GET, "/analytics/summary/cache", "analytics.summary.cache", Sends::Query),
    control(POST, "/mcp-servers", "mcpServers.create", Sends::Json),
    control(GET, "/mcp-servers", "mcpServers.list", Sends::Query),
    control(GET, "/mcp-servers/{.id}", "mcpServers.retrieve", Sends::Nothing),
    control(PUT, "/mcp-servers/{.id}", "mcpServers.update", Sends::Json),
    control(DELETE, "/mcp-servers/{.id}", "mcpServers.delete", Sends::Nothing),
    control(POST, "/mcp-servers/{.id}/test", "mcpServers.test", Sends::EmptyJson),
    control(GET, "/mcp-servers/{.id}/tokens", "mcpServers.getTokens", Sends::Nothing),
    control(PUT, "/mcp-servers/{.id}/tokens", "mcpServers.setTokens", Sends::Json),
    control(DELETE, "/mcp-servers/{.id}/tokens", "mcpServers.deleteTokens", Sends::Nothing),
    control(GET, "/mcp-servers/{.id}/client-info", "mcpServers.getClientInfo", Sends::Nothing),
    control(GET, "/mcp-servers/{.id}/capabilities", "mcpServers.capabilities.list", Sends::Nothing),
    control(PUT, "/mcp-servers/{.id}/capabilities", "mcpServers.capabilities.update", Sends::Json),
    control(POST, "/mcp-servers/{.id}/capabilities/sync", "mcpServers.capabilities.sync", Sends::Json),
    control(GET, "/mcp-servers/{.id}/user-access/check", "mcpServers.userAccess.check", Sends::Nothing),
    control(GET, "/mcp-servers/{.id}/user-access", "mcpServers.userAccess.list", Sends::Nothing),
    control(PUT, "/mcp-servers/{.id}/user-access", "mcpServers.userAccess.update", Sends::Json),
    control(GET, "/mcp-servers/{.id}/metadata", "mcpServers.metadata.get", Sends::Nothing),
    control(POST, "/mcp-servers/{.id}/metadata/sync", "mcpServers.metadata.sync", Sends::Json),
    control(GET, "/mcp-servers/{.id}/connections", "mcpServers.connections.list", Sends::Query),
    control(DELETE, "/mcp-servers/{.id}/connections", "mcpServers.connections.delete", Sends::Query),
    control(POST, "/mcp-integrations", "mcpIntegrations.create", Sends::Json),
    control(GET, "/mcp-integrations", "mcpIntegrations.list", Sends::Query),
    control(GET, "/mcp-integrations/{.id}", "mcpIntegrations.retrieve", Sends::Nothing),
    control(PUT, "/mcp-integrations/{.id}", "mcpIntegrations.update", Sends::Json),
    control(DELETE, "/mcp-integrations/{.id}", "mcpIntegrations.delete", Sends::Nothing),
    control(POST, "/mcp-integrations/{.id}/sync", "mcpIntegrations.sync", Sends::Json),
    control(POST, "/mcp-integrations/{.id}/test", "mcpIntegrations.test", Sends::EmptyJson),
    control(GET, "/mcp-integrations/{.id}/workspaces", "mcpIntegrations.workspaces.list", Sends::Nothing),
    control(PUT, "/mcp-integrations/{.id}/workspaces", "mcpIntegrations.workspaces.update", Sends::Json),
    control(GET, "/mcp-integrations/{.id}/capabilities", "mcpIntegrations.capabilities.list", Sends::Nothing),
    control(PUT, "/mcp-integrations/{.id}/capabilities", "mcpIntegrations.capabilities.update", Sends::Json),
    control(GET, "/mcp-integrations/{.id}/metadata", "mcpIntegrations.metadata.get", Sends::Nothing),
];
