using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Deletes a group's settings (code 207).</summary>
public readonly record struct DeleteSubscriptionGroupRequestHeader : IHeaderWriter, IHeaderReader<DeleteSubscriptionGroupRequestHeader>
{
    /// <summary>The group.</summary>
    public required string GroupName { get; init; }

    /// <summary>Whether its progress goes too.</summary>
    public bool? CleanOffset { get; init; }

    /// <summary>The same, from 4.x clients.</summary>
    public bool? RemoveOffset { get; init; }

    /// <summary>The broker the caller means, from 5.x clients.</summary>
    public string? BrokerName { get; init; }

    /// <inheritdoc/>
    public static DeleteSubscriptionGroupRequestHeader Read(HeaderFields fields) => new()
    {
        GroupName = fields.GetString("groupName"u8),
        CleanOffset = fields.GetBooleanOrNull("cleanOffset"u8),
        RemoveOffset = fields.GetBooleanOrNull("removeOffset"u8),
        BrokerName = fields.GetStringOrNull("bname"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("groupName"u8, GroupName);
        fields.Add("cleanOffset"u8, CleanOffset);
        fields.Add("removeOffset"u8, RemoveOffset);
        fields.Add("bname"u8, BrokerName);
    }
}
