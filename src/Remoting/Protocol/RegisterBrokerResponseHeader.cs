using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer to a replica: where its master is.</summary>
public readonly record struct RegisterBrokerResponseHeader : IHeaderWriter, IHeaderReader<RegisterBrokerResponseHeader>
{
    /// <summary>The master's replication address.</summary>
    public string? HaServerAddress { get; init; }

    /// <summary>The master's address.</summary>
    public string? MasterAddress { get; init; }

    /// <inheritdoc/>
    public static RegisterBrokerResponseHeader Read(HeaderFields fields) => new()
    {
        HaServerAddress = fields.GetStringOrNull("haServerAddr"u8),
        MasterAddress = fields.GetStringOrNull("masterAddr"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("haServerAddr"u8, HaServerAddress);
        fields.Add("masterAddr"u8, MasterAddress);
    }
}
