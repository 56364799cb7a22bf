namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>Thrown where a request turns out to be impossible; answered as problem details in one place.</summary>
public sealed class RefusalException : Exception
{
    /// <summary>Makes a refusal.</summary>
    /// <param name="problem">The kind.</param>
    /// <param name="detail">What is wrong with this request, and what to do.</param>
    public RefusalException(Problem problem, string detail)
        : base(detail)
        => Problem = problem;

    /// <summary>The kind.</summary>
    public Problem Problem { get; }

    /// <summary>Some field of the request is not possible.</summary>
    public static RefusalException Invalid(string detail) => new(Problem.InvalidRequest, detail);

    /// <summary>The JSON is not what was expected.</summary>
    public static RefusalException Json(string detail) => new(Problem.MalformedJson, detail);
}
