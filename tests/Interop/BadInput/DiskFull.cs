using System.Net;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.BadInput;

/// <summary>A data directory on a disk of 48 MB.</summary>
public sealed class DiskFull
{
    private const int BodySize = 100_000;

    [FactWhen(Needs.SmallDisk)]
    public async Task A_full_disk_refuses_writes_serves_reads_and_loses_nothing_acknowledged()
    {
        using var disk = new TempDirectory("disk");
        await MountAsync("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk.Path);
        try
        {
            await using GatewayProcess gateway = await GatewayProcess.StartAsync(new GatewaySettings
            {
                Data = Path.Combine(disk.Path, "data"),
                Ports = GatewayPorts.Free(),
                Configuration = """{ "broker": { "commitLogFileSize": 8388608, "cleanWatermark": 1, "refuseWatermark": 1 } }""",
            });
            int accepted = await FillAsync(gateway);

            using (var reader = new Rest(gateway))
            {
                Assert.NotEmpty(await reader.ReceiveAsync("full", "during", "max=1&wait=10s"));
                using HttpResponseMessage ready = await reader.Client.GetAsync(new Uri("readyz", UriKind.Relative));
                Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
                Assert.Contains("not published", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
                using HttpResponseMessage alive = await reader.Client.GetAsync(new Uri("healthz", UriKind.Relative));
                Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
            }

            Assert.False(gateway.HasExited, gateway.Output);
            await gateway.KillAsync();
            await MountAsync("mount", "-o", "remount,size=128m", disk.Path);
            await gateway.StartAgainAsync();
            using var rest = new Rest(gateway);
            Assert.Equal(accepted, (await rest.TakeAsync("full", "after", accepted)).Count);
            await rest.PublishAsync("full", "tag=t", "and more");
        }
        finally
        {
            await MountAsync("umount", disk.Path);
        }
    }

    private static async Task<int> FillAsync(GatewayProcess gateway)
    {
        using var client = new HttpClient { BaseAddress = gateway.Http };
        for (int accepted = 0; accepted < 2000; accepted++)
        {
            using HttpResponseMessage response = await client.PostAsync(
                new Uri("v1/topics/full/messages?tag=t", UriKind.Relative), new ByteArrayContent(new byte[BodySize]));
            if (!response.IsSuccessStatusCode)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                return accepted;
            }
        }

        throw new InvalidOperationException("200 MB fitted on a disk of 48 MB.");
    }

    private static async Task MountAsync(string program, params string[] arguments)
    {
        await using ChildProcess child = ChildProcess.Start(program, arguments);
        int code = await child.ExitAsync();
        Assert.True(code == 0, child.Output);
    }
}
