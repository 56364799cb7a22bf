namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>By what a client proved who it is.</summary>
public enum Proof
{
    /// <summary>By nothing.</summary>
    None,

    /// <summary>By a password of the users file, given or proven by SCRAM.</summary>
    Password,

    /// <summary>By an API key of the users file.</summary>
    ApiKey,

    /// <summary>By a signed token.</summary>
    Token,

    /// <summary>By the certificate of its TLS connection.</summary>
    Certificate,
}

/// <summary>Who a client is.</summary>
/// <param name="User">Its name; empty for nobody.</param>
/// <param name="Groups">The groups it is in, as its proof said; those of the users file are looked up anew.</param>
/// <param name="Proof">What proved it.</param>
/// <param name="Expires">When the proof runs out; null for never.</param>
/// <remarks>Immutable.</remarks>
public sealed record Identity(string User, IReadOnlyList<string> Groups, Proof Proof, DateTimeOffset? Expires = null)
{
    /// <summary>A client that proved nothing.</summary>
    public static Identity Anonymous { get; } = new(string.Empty, [], Proof.None);

    /// <summary>Whether it proved nothing.</summary>
    public bool IsAnonymous => Proof == Proof.None;

    /// <summary>For logs.</summary>
    public string Name => IsAnonymous ? "anonymous" : User;
}
