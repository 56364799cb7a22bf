namespace ProtoBridgeMQ.Cli.Output;

internal sealed record Sent(string MessageId, string OffsetMessageId, string Topic, string Broker, int Queue, long Offset, string Status, string? RecallHandle);

internal sealed record SentMany(string Topic, long Sent, double Seconds);

internal sealed record QueuePlace(string Broker, int Queue, long First, long End, DateTimeOffset? LastStoredAt);

internal sealed record TopicLine(string Topic, int? Queues, long? Messages);

internal sealed record TopicDetail(string Topic, long Messages, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<QueuePlace> Queues);

internal sealed record Member(string ClientId, string Address, string Language);

internal sealed record GroupLine(string Group, int Members, long? Lag);

internal sealed record GroupDetail(string Group, IReadOnlyList<Member> Members, IReadOnlyList<TopicLag> Topics);

internal sealed record QueueLag(string Broker, int Queue, long Offset, long End, long Lag, DateTimeOffset? LastHandledStoredAt);

internal sealed record TopicLag(string Topic, long Lag, IReadOnlyList<QueueLag> Queues);

internal sealed record GroupLag(string Group, string Topic, long Lag, IReadOnlyList<QueueLag> Queues);

internal sealed record NewPlace(string Topic, string Broker, int Queue, long Offset);

internal sealed record DeadLetterLine(string Group, long Messages);

internal sealed record Resent(string Group, long Sent, IReadOnlyList<string> MessageIds);

internal sealed record Done(string What, string Name);

internal sealed record Latency(double P50, double P99, double Max);

internal sealed record BenchResult(
    string Topic, long Messages, int Size, int Concurrency, long Failures, double Seconds, double PerSecond, double MegabytesPerSecond, Latency LatencyMilliseconds, ReadResult? Read);

internal sealed record ReadResult(long Messages, double Seconds, double PerSecond);

internal sealed record Diagnosis(bool IsWell, IReadOnlyList<Finding> Checks);

/// <summary>How a check ended.</summary>
internal enum CheckState
{
    Ok,
    Warning,
    Fault,
    Skipped,
}

/// <param name="Check">What was looked at.</param>
/// <param name="State">How it is.</param>
/// <param name="Found">What was seen.</param>
/// <param name="Advice">What to do; null when nothing is.</param>
internal sealed record Finding(string Check, CheckState State, string Found, string? Advice = null);
