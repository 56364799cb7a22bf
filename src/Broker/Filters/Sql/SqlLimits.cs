namespace ProtoBridgeMQ.Broker.Filters.Sql;

/// <summary>What an expression may be at most: it comes from a client.</summary>
/// <param name="Length">Its characters.</param>
/// <param name="Depth">How deep its parentheses and signs before a value go.</param>
/// <param name="Nodes">Its steps and the texts of its lists.</param>
internal readonly record struct SqlLimits(int Length, int Depth, int Nodes);
