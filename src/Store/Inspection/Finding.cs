namespace ProtoBridgeMQ.Store.Inspection;

/// <summary>How bad it is.</summary>
public enum FindingSeverity
{
    /// <summary>The next start of the broker puts it right by itself, or it is being written at this moment.</summary>
    Repairable,

    /// <summary>Something is wrong that no start repairs.</summary>
    Damage,
}

/// <summary>Something that is not as it should be.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Kind">What it is, in one word: <c>record-damaged</c>, <c>entry-missing</c>.</param>
/// <param name="File">The file, relative to the store directory.</param>
/// <param name="Offset">Byte in the file; -1 when it is the whole file.</param>
/// <param name="Detail">What was found there.</param>
/// <param name="Advice">What to do.</param>
public sealed record Finding(FindingSeverity Severity, string Kind, string File, long Offset, string Detail, string Advice);

/// <summary>Findings: the first so many are kept, all are counted.</summary>
public sealed class FindingList
{
    private readonly List<Finding> _kept = [];
    private readonly int _max;

    /// <summary>An empty list.</summary>
    /// <param name="max">How many are kept.</param>
    public FindingList(int max) => _max = max;

    /// <summary>Those that are kept.</summary>
    public IReadOnlyList<Finding> Kept => _kept;

    /// <summary>All of the severity <see cref="FindingSeverity.Damage"/>.</summary>
    public long Damage { get; private set; }

    /// <summary>All of the severity <see cref="FindingSeverity.Repairable"/>.</summary>
    public long Repairable { get; private set; }

    /// <summary>How many of each kind.</summary>
    public SortedDictionary<string, long> ByKind { get; } = new(StringComparer.Ordinal);

    /// <summary>An empty list that keeps as many.</summary>
    internal FindingList Fork() => new(_max);

    /// <summary>Takes what another list has.</summary>
    internal void Take(FindingList other)
    {
        Damage += other.Damage;
        Repairable += other.Repairable;
        foreach (var (kind, count) in other.ByKind)
            ByKind[kind] = ByKind.GetValueOrDefault(kind) + count;
        _kept.AddRange(other._kept.Take(_max - _kept.Count));
    }

    /// <summary>Adds one.</summary>
    public void Add(Finding finding)
    {
        if (finding.Severity == FindingSeverity.Damage)
            Damage++;
        else
            Repairable++;
        ByKind[finding.Kind] = ByKind.GetValueOrDefault(finding.Kind) + 1;
        if (_kept.Count < _max)
            _kept.Add(finding);
    }
}

/// <summary>How far an inspection is.</summary>
/// <param name="What">What is looked at.</param>
/// <param name="Done">Bytes done.</param>
/// <param name="Total">Bytes in all.</param>
public readonly record struct InspectionProgress(string What, long Done, long Total);
