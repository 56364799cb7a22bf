namespace ProtoBridgeMQ.Client;

/// <summary>How a <see cref="GroupMember"/> takes part in its group.</summary>
/// <remarks>Set before it is handed over.</remarks>
public sealed class GroupMemberOptions
{
    /// <summary>The consumer group.</summary>
    public required string Group { get; set; }

    /// <summary>Clustering: the queues are shared out. Broadcasting: every member has all. Default clustering.</summary>
    public MessageModel Model { get; set; }

    /// <summary>Where the group begins when it has no progress, as brokers list it. Default at messages that come later.</summary>
    public ConsumeFrom From { get; set; }

    /// <summary>How often the queues are shared out anew without being told to. Default 20 seconds.</summary>
    public TimeSpan RebalanceInterval { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How brokers list the member.</summary>
    internal string ConsumeType { get; set; } = "CONSUME_PASSIVELY";

    internal void Validate()
    {
        Names.RequireGroup(Group);
        ClientOptions.Positive(RebalanceInterval, nameof(RebalanceInterval));
    }
}
