using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.OpenApi;

/// <summary>What the document says of an operation beyond its route; hung on the endpoint as metadata.</summary>
/// <param name="Problems">The errors it may answer with.</param>
internal sealed record OperationNotes(params Problem[] Problems)
{
    /// <summary>Parameters: name, words, example (which the pages fill in; empty for none).</summary>
    public IReadOnlyList<(string Name, string Words, string Example)> Parameters { get; init; } = [];

    /// <summary>Bodies: content type, shape (null: any bytes), example as JSON or text.</summary>
    public IReadOnlyList<(string ContentType, Type? Shape, bool IsArray, string Example)> Bodies { get; init; } = [];

    /// <summary>Whether the body may be absent.</summary>
    public bool BodyIsOptional { get; init; }
}
