using System.Text;

namespace ProtoBridgeMQ.Remoting.Access;

/// <summary>Who asks: an access key, and the secret that signs its requests.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class AccessCredentials
{
    private readonly byte[] _secret;

    /// <summary>Makes credentials.</summary>
    /// <param name="accessKey">The name; goes with every request.</param>
    /// <param name="secretKey">Signs; never leaves.</param>
    /// <param name="securityToken">Goes with every request when the key is a temporary one; null without.</param>
    public AccessCredentials(string accessKey, string secretKey, string? securityToken = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(accessKey);
        ArgumentException.ThrowIfNullOrEmpty(secretKey);
        AccessKey = accessKey;
        SecurityToken = securityToken;
        _secret = Encoding.UTF8.GetBytes(secretKey);
    }

    /// <summary>The name.</summary>
    public string AccessKey { get; }

    /// <summary>The token of a temporary key, or null.</summary>
    public string? SecurityToken { get; }

    internal ReadOnlySpan<byte> Secret => _secret;
}
