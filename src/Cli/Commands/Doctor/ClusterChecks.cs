using System.Globalization;
using ProtoBridgeMQ.Cli.Output;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Commands.Doctor;

/// <summary>Name servers, brokers, their disks and versions.</summary>
internal static class ClusterChecks
{
    private const double DiskWarning = 0.75;
    private const double DiskFull = 0.9;

    public static async Task<IReadOnlyList<Finding>> RunAsync(Invocation run)
    {
        var findings = new List<Finding>();
        string[] nameServers = run.ClientOptions.NameServers.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        IReadOnlyList<BrokerRoute>? brokers = null;
        foreach (string nameServer in nameServers)
        {
            (Finding finding, IReadOnlyList<BrokerRoute>? seen) = await NameServerAsync(run, nameServer);
            findings.Add(finding);
            if (brokers is not null && seen is not null && !brokers.Select(Describe).SequenceEqual(seen.Select(Describe)))
            {
                findings.Add(new Finding("name servers agree", CheckState.Warning, $"{nameServer} knows other brokers than the ones before it", "Give every broker the addresses of all name servers."));
            }

            brokers ??= seen;
        }

        if (brokers is null)
        {
            findings.Add(new Finding("brokers", CheckState.Skipped, "no name server answers"));
            return findings;
        }

        if (brokers.Count == 0)
        {
            findings.Add(new Finding("brokers", CheckState.Fault, "no broker is registered", "Start a broker with these name servers (a broker that has just started registers within a second)."));
        }

        foreach (BrokerRoute broker in brokers)
        {
            findings.AddRange(await BrokerAsync(run, broker));
        }

        return findings;
    }

    private static string Describe(BrokerRoute broker) => $"{broker.Cluster}/{broker.Name}: {string.Join(',', broker.Addresses.OrderBy(address => address.Key))}";

    private static async Task<(Finding Finding, IReadOnlyList<BrokerRoute>? Brokers)> NameServerAsync(Invocation run, string address)
    {
        string check = $"name server {address}";
        var options = new ClientOptions { NameServers = address, RequestTimeout = run.ClientOptions.RequestTimeout, ConnectTimeout = run.ClientOptions.RequestTimeout };
        await using var connection = new ClusterConnection(options);
        try
        {
            IReadOnlyList<BrokerRoute> brokers = await new AdminClient(connection).ListBrokersAsync(run.Cancelled);
            return (new Finding(check, CheckState.Ok, $"knows {brokers.Count} broker sets"), brokers);
        }
        catch (ProtoBridgeMqException failure)
        {
            int colon = address.LastIndexOf(':');
            string? port = await PortCheck.ConnectAsync(address[..colon].Trim('[', ']'), int.Parse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture), run);
            return port is null
                ? (new Finding(check, CheckState.Fault, $"something listens, and does not answer as a name server: {failure.Message}", "Is this the port of a broker or of HTTP? A name server's is 9876 by default."), null)
                : (new Finding(check, CheckState.Fault, port, "Start the name server, or give its address by --namesrv or " + CommonOptions.NameServersVariable + "."), null);
        }
    }

    private static async Task<IReadOnlyList<Finding>> BrokerAsync(Invocation run, BrokerRoute broker)
    {
        string check = $"broker {broker.Name}";
        if (!broker.Addresses.TryGetValue(0, out string? master))
        {
            return [new Finding(check, CheckState.Fault, "has no master: it can be read and not be written", "Start its master.")];
        }

        try
        {
            IReadOnlyDictionary<string, string> info = await run.Admin.Brokers.GetRuntimeInfoAsync(broker.Name, run.Cancelled);
            return [Active(check, master, info), Disk(check, info), Version(check, info), Behind(check, info)];
        }
        catch (ProtoBridgeMqException failure)
        {
            return [new Finding(
                check,
                CheckState.Fault,
                $"{master}: {failure.Message}",
                "Is the address that the broker advertises one that this machine reaches? Set the broker's own address, or open its port.")];
        }
    }

    private static Finding Active(string check, string master, IReadOnlyDictionary<string, string> info)
        => info.GetValueOrDefault("brokerActive") == "false"
            ? new Finding(check, CheckState.Fault, $"{master} answers and takes no messages", "Look at its disk and its log: the store is full, read-only, or stopped after a failed write.")
            : new Finding(check, CheckState.Ok, $"{master} answers");

    private static Finding Disk(string check, IReadOnlyDictionary<string, string> info)
    {
        check += " disk";
        if (!double.TryParse(info.GetValueOrDefault("commitLogDiskRatio"), NumberStyles.Float, CultureInfo.InvariantCulture, out double used))
        {
            return new Finding(check, CheckState.Skipped, "it does not say");
        }

        string found = used.ToString("P0", CultureInfo.InvariantCulture) + " used";
        return used switch
        {
            >= DiskFull => new Finding(check, CheckState.Fault, found, "Free room, shorten retention, or give it a larger disk: brokers refuse messages on a full one."),
            >= DiskWarning => new Finding(check, CheckState.Warning, found, "Old messages will be deleted early when it gets fuller."),
            _ => new Finding(check, CheckState.Ok, found),
        };
    }

    private static Finding Version(string check, IReadOnlyDictionary<string, string> info)
    {
        check += " version";
        string version = info.GetValueOrDefault("brokerVersionDesc") ?? "unknown";
        string own = typeof(ClusterChecks).Assembly.GetName().Version?.ToString(3) ?? string.Empty;
        return version.StartsWith("ProtoBridgeMQ ", StringComparison.Ordinal) && version != "ProtoBridgeMQ " + own
            ? new Finding(check, CheckState.Warning, $"{version}, pbmq {own}", "Use the same version of both: newer commands may not be there.")
            : new Finding(check, CheckState.Ok, $"{version}, pbmq {own}");
    }

    private static Finding Behind(string check, IReadOnlyDictionary<string, string> info)
    {
        check += " dispatch";
        return long.TryParse(info.GetValueOrDefault("dispatchBehindBytes"), NumberStyles.None, CultureInfo.InvariantCulture, out long behind)
            ? behind > 64 << 20
                ? new Finding(check, CheckState.Warning, $"{behind} bytes are stored and not readable yet", "Consumers are behind the disk: is the machine short of processors?")
                : new Finding(check, CheckState.Ok, $"{behind} bytes behind")
            : new Finding(check, CheckState.Skipped, "it does not say");
    }
}
