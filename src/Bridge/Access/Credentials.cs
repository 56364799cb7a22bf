using System.Security.Cryptography.X509Certificates;

namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>What a client gave to prove who it is.</summary>
public sealed record Credentials
{
    /// <summary>User name; null when none was given.</summary>
    public string? UserName { get; init; }

    /// <summary>Password, or a token in its place; null when none was given. Borrowed until the answer.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>A token or an API key that came as such.</summary>
    public string? Bearer { get; init; }

    /// <summary>The client's certificate, which the transport has checked.</summary>
    public X509Certificate2? Certificate { get; init; }
}

/// <summary>Why a client is not let in.</summary>
public enum Rejection
{
    /// <summary>It is let in.</summary>
    None,

    /// <summary>What it gave is wrong.</summary>
    BadCredentials,

    /// <summary>It gave nothing, and that is not enough.</summary>
    CredentialsMissing,

    /// <summary>Who it is may not connect so.</summary>
    NotAllowed,

    /// <summary>Too many others are being checked; it may try again.</summary>
    Busy,
}

/// <summary>The answer to credentials.</summary>
/// <param name="Identity">Who it is; null when refused.</param>
/// <param name="Rejection">Why it is refused.</param>
/// <param name="Text">For the log; not for the client.</param>
public readonly record struct Authentication(Identity? Identity, Rejection Rejection, string Text)
{
    /// <summary>It is let in.</summary>
    public static Authentication Of(Identity identity) => new(identity, Rejection.None, string.Empty);

    /// <summary>It is not.</summary>
    public static Authentication Refuse(Rejection rejection, string text) => new(null, rejection, text);
}
