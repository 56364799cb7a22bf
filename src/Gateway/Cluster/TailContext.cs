using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Gateway.Cluster;

/// <summary>What the tails share.</summary>
internal sealed record TailContext(QueueReader Reader, ClusterTopics Topics, ClusterOptions Options, TimeProvider Clock, ILogger Log);
