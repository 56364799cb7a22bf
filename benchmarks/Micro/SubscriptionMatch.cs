using System.Text;
using BenchmarkDotNet.Attributes;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>One topic name against all subscriptions, of which three match.</summary>
[MemoryDiagnoser]
public class SubscriptionMatch : IDisposable
{
    private static readonly byte[] Name = "site7/device42/temp"u8.ToArray();

    private readonly MatchSet _matches = new();
    private SubscriptionTree? _tree;

    /// <summary>Subscriptions to single devices.</summary>
    [Params(10, 10_000, 1_000_000)]
    public int Subscriptions { get; set; }

    /// <summary>Fills the tree.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _tree = new SubscriptionTree();
        for (int i = 0; i < Subscriptions; i++)
        {
            Add($"site{i % 100}/device{i}/temp");
        }

        Add("site7/+/temp");
        Add("site7/#");
        Add("site7/device42/temp");
    }

    /// <summary>Finds who receives.</summary>
    [Benchmark]
    public int Match()
    {
        _matches.Clear();
        _tree!.Match(Name, default, _matches);
        return _matches.Count;
    }

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _tree?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Add(string filter)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(filter);
        _tree!.Add(bytes, new Subscription(new Nobody(), 1, NoLocal: false, RetainAsPublished: false, 0, null));
    }

    private sealed class Nobody : ISubscriber
    {
        public ReadOnlySpan<byte> ClientIdUtf8 => "nobody"u8;

        public MatchSlot MatchSlot { get; } = new();

        public void Offer(in Delivery delivery)
        {
        }
    }
}
