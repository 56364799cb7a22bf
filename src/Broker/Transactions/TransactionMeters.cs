using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>What is counted of transactions.</summary>
internal sealed class TransactionMeters
{
    private static readonly KeyValuePair<string, object?>[] Results =
    [
        new("result", "committed"), new("result", "rolled_back"), new("result", "discarded"),
    ];

    private readonly Counter<long> _halves;
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _asked;
    private readonly Counter<long> _notAsked;
    private readonly Counter<long> _lost;

    public TransactionMeters(Meter meter)
    {
        _halves = meter.CreateCounter<long>("broker.transactions.begun", "{transaction}", "Half messages taken");
        _ended = meter.CreateCounter<long>("broker.transactions.ended", "{transaction}", "Transactions that ended, by result");
        _duration = meter.CreateHistogram<double>("broker.transactions.duration", "s", "From the birth of the message to the end of its transaction");
        _asked = meter.CreateCounter<long>("broker.transactions.asked", "{transaction}", "Questions to producers what became of a transaction");
        _notAsked = meter.CreateCounter<long>("broker.transactions.unreachable", "{transaction}", "Transactions whose producer group had nobody to ask, at each look");
        _lost = meter.CreateCounter<long>("broker.transactions.lost", "{transaction}", "Open transactions whose half message is not in the log any more");
    }

    public void Begun() => _halves.Add(1);

    public void Ended(TransactionResult result, long milliseconds)
    {
        _ended.Add(1, Results[(int)result]);
        _duration.Record(Math.Max(0, milliseconds) / 1000.0);
    }

    public void Asked() => _asked.Add(1);

    public void Unreachable() => _notAsked.Add(1);

    public void Lost() => _lost.Add(1);
}
