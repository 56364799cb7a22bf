namespace ProtoBridgeMQ.Gateway.Mqtt.Sys;

/// <summary>How often something happens a minute, on average over the last 1, 5 and 15 minutes, as mosquitto reckons it.</summary>
public sealed class LoadAverage
{
    private static readonly double[] Minutes = [1, 5, 15];

    private readonly double[] _averages = new double[3];
    private long _last;

    /// <summary>The averages, the shortest first.</summary>
    public IReadOnlyList<double> Averages => _averages;

    /// <summary>Goes on to the present total.</summary>
    /// <param name="total">Counted since the start.</param>
    /// <param name="elapsed">Since the last call.</param>
    public void Update(long total, TimeSpan elapsed)
    {
        if (elapsed <= TimeSpan.Zero)
            return;
        double perMinute = (total - _last) / elapsed.TotalMinutes;
        _last = total;
        for (int i = 0; i < Minutes.Length; i++)
            _averages[i] = perMinute + (Math.Exp(-elapsed.TotalMinutes / Minutes[i]) * (_averages[i] - perMinute));
    }
}
