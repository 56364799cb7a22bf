using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>One occurrence of a problem. <see cref="Of(Exception)"/> is the one place where failures become HTTP.</summary>
/// <param name="Problem">The kind.</param>
/// <param name="Detail">What happened this time.</param>
/// <param name="RetryAfter">When another try is sensible.</param>
/// <param name="MayHaveHappened">Whether the effect may have taken place all the same.</param>
public readonly record struct ProblemDetail(Problem Problem, string Detail, TimeSpan? RetryAfter = null, bool MayHaveHappened = false)
{
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    /// <summary>The problem that a failure is; null when nobody is left to hear of it.</summary>
    public static ProblemDetail? Of(Exception failure) => failure switch
    {
        BridgeException refusal => new ProblemDetail(Of(refusal.Error), refusal.Message, RetryOf(refusal), refusal.MayHaveHappened),
        RefusalException refusal => new ProblemDetail(refusal.Problem, refusal.Message),
        BadHttpRequestException bad => new ProblemDetail(OfStatus(bad.StatusCode), bad.Message),
        OperationCanceledException or ConnectionResetException or ConnectionAbortedException => null,
        _ => new ProblemDetail(Problem.Internal, "The log of the gateway has the details."),
    };

    /// <summary>The kind of a bridge's refusal.</summary>
    public static Problem Of(BridgeError error) => error switch
    {
        BridgeError.TopicNotFound => Problem.TopicNotFound,
        BridgeError.TopicInvalid => Problem.TopicInvalid,
        BridgeError.GroupInvalid => Problem.GroupInvalid,
        BridgeError.FilterInvalid => Problem.FilterInvalid,
        BridgeError.MessageTooLarge => Problem.TooLarge,
        BridgeError.PropertiesInvalid => Problem.PropertiesInvalid,
        BridgeError.InvalidArgument => Problem.InvalidRequest,
        BridgeError.DeliveryUnknown => Problem.DeliveryUnknown,
        BridgeError.Busy => Problem.Busy,
        BridgeError.ReadOnly => Problem.ReadOnly,
        BridgeError.Unreachable => Problem.Unreachable,
        BridgeError.Timeout => Problem.Timeout,
        BridgeError.NotAuthorized => Problem.Forbidden,
        BridgeError.Unsupported => Problem.Unsupported,
        _ => Problem.Internal,
    };

    /// <summary>The kind of a status that the server chose.</summary>
    public static Problem OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => Problem.NotFound,
        StatusCodes.Status405MethodNotAllowed => Problem.MethodNotAllowed,
        StatusCodes.Status408RequestTimeout => Problem.SlowRequest,
        StatusCodes.Status413PayloadTooLarge => Problem.TooLarge,
        StatusCodes.Status415UnsupportedMediaType => Problem.UnsupportedMediaType,
        StatusCodes.Status431RequestHeaderFieldsTooLarge => Problem.HeadersTooLarge,
        >= 500 => Problem.Internal,
        _ => Problem.InvalidRequest,
    };

    /// <summary>Answers with it.</summary>
    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Problem.Status;
        response.ContentType = "application/problem+json";
        if (RetryAfter is { } after)
            response.Headers.RetryAfter = ((long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        await using (var writer = new Utf8JsonWriter(response.BodyWriter, JsonText.Options))
        {
            writer.WriteStartObject();
            WriteMembers(writer);
            writer.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync();
    }

    /// <summary>Writes its members into an object that is open.</summary>
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("type"u8, Problem.Type);
        writer.WriteString("title"u8, Problem.Title);
        writer.WriteNumber("status"u8, Problem.Status);
        writer.WriteString("detail"u8, Detail);
        if (MayHaveHappened)
            writer.WriteBoolean("mayHaveHappened"u8, true);
    }

    private static TimeSpan? RetryOf(BridgeException refusal)
        => refusal.RetryAfter
            ?? (refusal.Error is BridgeError.Busy or BridgeError.ReadOnly or BridgeError.Unreachable ? SoonAgain : null);
}
