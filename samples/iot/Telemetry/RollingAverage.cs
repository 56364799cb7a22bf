namespace ProtoBridgeMQ.Telemetry;

/// <summary>The average of the last values.</summary>
/// <param name="size">How many.</param>
internal sealed class RollingAverage(int size)
{
    private readonly Queue<double> _values = new();
    private double _sum;

    /// <summary>How many values it is of.</summary>
    public int Count => _values.Count;

    /// <summary>The average; 0 without values.</summary>
    public double Value => _values.Count == 0 ? 0 : _sum / _values.Count;

    /// <summary>Adds a value; the oldest goes.</summary>
    public void Add(double value)
    {
        _values.Enqueue(value);
        _sum += value;
        if (_values.Count > size)
        {
            _sum -= _values.Dequeue();
        }
    }
}
