
namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>A kind of error as clients see it (RFC 9457). Types are stable: clients may compare them.</summary>
/// <param name="Name">Last part of the type.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">The same words for every occurrence.</param>
public sealed record Problem(string Name, int Status, string Title)
{
    /// <summary>Before every name.</summary>
    public const string TypePrefix = "urn:protobridge:problem:";

    public static Problem InvalidRequest { get; } = new("invalid-request", StatusCodes.Status400BadRequest, "The request is not possible.");

    public static Problem MalformedJson { get; } = new("malformed-json", StatusCodes.Status400BadRequest, "The body is not the JSON that was expected.");

    public static Problem TopicInvalid { get; } = new("topic-invalid", StatusCodes.Status400BadRequest, "The topic's name or settings are not possible.");

    public static Problem GroupInvalid { get; } = new("group-invalid", StatusCodes.Status400BadRequest, "The group's name is not possible.");

    public static Problem FilterInvalid { get; } = new("filter-invalid", StatusCodes.Status400BadRequest, "The filter expression is not possible.");

    public static Problem PropertiesInvalid { get; } = new("properties-invalid", StatusCodes.Status400BadRequest, "The properties are not possible.");

    public static Problem Unauthorized { get; } = new("unauthorized", StatusCodes.Status401Unauthorized, "The request does not say who sent it, or says it wrongly.");

    public static Problem Forbidden { get; } = new("forbidden", StatusCodes.Status403Forbidden, "Access control forbids it.");

    public static Problem CrossOrigin { get; } = new("cross-origin", StatusCodes.Status403Forbidden, "A page of another origin may not do this.");

    public static Problem NotFound { get; } = new("not-found", StatusCodes.Status404NotFound, "There is nothing at this address.");

    public static Problem TopicNotFound { get; } = new("topic-not-found", StatusCodes.Status404NotFound, "The topic does not exist.");

    public static Problem GroupNotFound { get; } = new("group-not-found", StatusCodes.Status404NotFound, "The group does not exist.");

    public static Problem Conflict { get; } = new("conflict", StatusCodes.Status409Conflict, "The present state does not allow it.");

    public static Problem PreconditionFailed { get; } = new("precondition-failed", StatusCodes.Status412PreconditionFailed, "It is not what If-Match names any more.");

    public static Problem MethodNotAllowed { get; } = new("method-not-allowed", StatusCodes.Status405MethodNotAllowed, "This address does not take the method.");

    public static Problem SlowRequest { get; } = new("slow-request", StatusCodes.Status408RequestTimeout, "The request did not come in time.");

    public static Problem DeliveryUnknown { get; } = new("delivery-unknown", StatusCodes.Status409Conflict, "The delivery is not in flight any more.");

    public static Problem TooLarge { get; } = new("too-large", StatusCodes.Status413PayloadTooLarge, "The body is larger than the limit.");

    public static Problem UnsupportedMediaType { get; } = new("unsupported-media-type", StatusCodes.Status415UnsupportedMediaType, "The content type or coding is not taken here.");

    public static Problem UpgradeRequired { get; } = new("upgrade-required", StatusCodes.Status426UpgradeRequired, "This address speaks another protocol.");

    public static Problem IdempotencyMismatch { get; } = new("idempotency-mismatch", StatusCodes.Status422UnprocessableEntity, "The idempotency key was used for another message.");

    public static Problem Busy { get; } = new("busy", StatusCodes.Status429TooManyRequests, "A limit of load is reached.");

    public static Problem HeadersTooLarge { get; } = new("headers-too-large", StatusCodes.Status431RequestHeaderFieldsTooLarge, "The headers are larger than the limit.");

    public static Problem Internal { get; } = new("internal", StatusCodes.Status500InternalServerError, "The server failed.");

    public static Problem Unsupported { get; } = new("unsupported", StatusCodes.Status501NotImplemented, "The brokers behind this gateway cannot do it.");

    public static Problem ReadOnly { get; } = new("read-only", StatusCodes.Status503ServiceUnavailable, "The store takes no writes.");

    public static Problem Unreachable { get; } = new("unreachable", StatusCodes.Status503ServiceUnavailable, "No broker answers.");

    public static Problem NotReady { get; } = new("not-ready", StatusCodes.Status503ServiceUnavailable, "The gateway cannot serve messages now.");

    public static Problem Timeout { get; } = new("timeout", StatusCodes.Status504GatewayTimeout, "The broker did not answer in time.");

    /// <summary>The type as it stands in a body.</summary>
    public string Type { get; } = TypePrefix + Name;
}
