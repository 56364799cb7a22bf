using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What a host of the gateway may bring along; a test or benchmark uses it, the process only its configuration.</summary>
public sealed record GatewaySetup
{
    /// <summary>Sections <c>http</c>, <c>mqtt</c>, <c>broker</c> ... with the limits of the parts; null: all defaults.</summary>
    public IConfiguration? Configuration { get; init; }

    /// <summary>The settings file that has the mapping rules; null: none. It is read again when it changes.</summary>
    public string? File { get; init; }

    /// <summary>Where settings come from, by their keys; what is not there is a default.</summary>
    public IReadOnlyDictionary<string, SettingOrigin>? Origins { get; init; }

    /// <summary>Takes the place of the embedded or cluster bridge: no broker and no name server are started.</summary>
    public IMessageBridge? Bridge { get; init; }

    /// <summary>The clock of everything.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Where log events go; null: the console.</summary>
    public ILoggerProvider? Log { get; init; }

    /// <summary>Changes services after all others were registered.</summary>
    public Action<IServiceCollection>? Services { get; init; }
}
