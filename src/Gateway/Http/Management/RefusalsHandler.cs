using System.Globalization;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary><c>GET /v1/refusals</c>: what was refused lately, by any front and by access control, the newest first.</summary>
internal sealed class RefusalsHandler
{
    private readonly RefusalRing _ring;
    private readonly AccessControl _access;
    private readonly ManagementDesk _desk;

    public RefusalsHandler(RefusalRing ring, AccessControl access, ManagementDesk desk, HttpMetrics metrics)
    {
        _ring = ring;
        _access = access;
        _desk = desk;
        metrics.ObserveRefusals(() => ring.Count);
    }

    public async Task ListAsync(HttpContext context)
    {
        Paging paging = await _desk.ReadPageAsync(context, null, null, "protocol");
        string? protocol = ManagementDesk.One(context.Request.Query, "protocol");
        List<RefusalShape> all =
        [
            .. _ring.Recent().Select(refusal => new RefusalShape(refusal.At, refusal.Protocol, refusal.Action, null, refusal.Client, refusal.From, refusal.What, refusal.Why)),
            .. _access.Audit.Recent().Select(refusal => new RefusalShape(
                refusal.At, refusal.Client == "http" ? "http" : "mqtt", refusal.Action, refusal.User, refusal.Client == "http" ? null : refusal.Client, refusal.From, refusal.What, refusal.Why)),
        ];
        (long before, int skip) = Split(paging.After);
        List<RefusalShape> wanted =
        [
            .. all.Where(refusal => (protocol is null || refusal.Protocol == protocol) && refusal.At.UtcTicks <= before).OrderByDescending(refusal => refusal.At),
        ];
        // Several may have the same time: the cursor says how many of them were shown.
        wanted.RemoveRange(0, Math.Min(skip, wanted.TakeWhile(refusal => refusal.At.UtcTicks == before).Count()));
        string? next = null;
        if (wanted.Count > paging.Limit)
        {
            long last = wanted[paging.Limit - 1].At.UtcTicks;
            int same = wanted.Take(paging.Limit).Count(refusal => refusal.At.UtcTicks == last) + (last == before ? skip : 0);
            next = Paging.CursorOf(string.Create(CultureInfo.InvariantCulture, $"{last} {same}"));
        }

        await ManagementBody.WriteAsync(context, new Page<RefusalShape>([.. wanted.Take(paging.Limit)], next), ManagementJson.Strict.RefusalPage);
    }

    private static (long Before, int Skip) Split(string after)
    {
        if (after.Length == 0)
            return (long.MaxValue, 0);

        string[] parts = after.Split(' ');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long before)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int skip)
            ? (before, skip)
            : throw RefusalException.Invalid("cursor is not one that a page before answered with.");
    }
}
