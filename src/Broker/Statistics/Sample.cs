namespace ProtoBridgeMQ.Broker.Statistics;

/// <summary>What a counter had counted at a time.</summary>
/// <param name="Time">Unix milliseconds.</param>
/// <param name="Messages">Messages.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="Times">How often something was added.</param>
internal readonly record struct Sample(long Time, long Messages, long Bytes, long Times);
