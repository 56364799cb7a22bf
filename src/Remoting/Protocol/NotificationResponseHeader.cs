using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Whether there are messages to pop.</summary>
public readonly record struct NotificationResponseHeader : IHeaderWriter, IHeaderReader<NotificationResponseHeader>
{
    /// <summary>Whether there are.</summary>
    public required bool HasMessages { get; init; }

    /// <summary>Whether the request was not held because too many are.</summary>
    public required bool PollingFull { get; init; }

    /// <inheritdoc/>
    public static NotificationResponseHeader Read(HeaderFields fields) => new()
    {
        HasMessages = fields.GetBoolean("hasMsg"u8),
        PollingFull = fields.GetBoolean("pollingFull"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("hasMsg"u8, HasMessages);
        fields.Add("pollingFull"u8, PollingFull);
    }
}
