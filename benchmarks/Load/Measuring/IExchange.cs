namespace ProtoBridgeMQ.Benchmarks.Load.Measuring;

/// <summary>One connection that asks and waits for the answer.</summary>
internal interface IExchange : IDisposable
{
    /// <summary>One request and its answer.</summary>
    /// <returns>Whether the answer was a success.</returns>
    ValueTask<bool> ExchangeAsync();
}
